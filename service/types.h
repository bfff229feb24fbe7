// The values that travel through the service: instance -> study -> job -> result -> delivery. Value types.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "dicom/instance_header.h"
#include "dicom/result_object.h"

namespace calcnode::service {

/// Wall clock, milliseconds: leases are compared between machines, which must keep their clocks together
/// (NTP).
using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using Duration = std::chrono::milliseconds;

Time now();

/// An instance whose bytes are durable in the spool.
struct ReceivedInstance {
    std::filesystem::path path;  // relative to the spool's root
    dicom::InstanceHeader header;
    std::uint64_t bytes = 0;
    std::string digest;  // SHA-256 of the data set as received, hex
    std::string calling_ae_title;
    std::string called_ae_title;
    std::string peer;
    std::vector<std::string> destinations;  // by the route that took it
    bool analysable = true;                 // an MG class; others are forwarded as they are
    Time received{};
};

struct StoredInstance {
    std::int64_t id = 0;
    ReceivedInstance instance;
};

/// A study that waits to be closed into a job.
struct OpenStudy {
    std::int64_t id = 0;
    std::string study_instance_uid;
    std::int64_t revision = 0;  // grows with each instance; a close must name the revision it has seen
    int generation = 0;         // the last one that was closed; 0: none yet
    Time first_received{};      // of the instances that no generation has yet
    Time last_received{};
    std::vector<StoredInstance> instances;  // all analysable ones, of earlier generations too
};

/// One image's part in a job.
struct JobImage {
    std::int64_t instance_id = 0;
    std::filesystem::path path;  // relative to the spool's root
    std::string sop_instance_uid;
    bool attempt = true;
    std::string reason;  // why not, when attempt is false
};

/// A report that an earlier job of the same study has written.
struct EarlierReport {
    dicom::ResultKind kind = dicom::ResultKind::cad_sr;
    dicom::CodeScheme code_scheme = dicom::CodeScheme::sct;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string series_instance_uid;
};

struct Job {
    std::int64_t id = 0;
    std::int64_t study_id = 0;
    std::string study_instance_uid;
    int generation = 1;
    int attempt = 0;        // 1 for the first try
    int worker_deaths = 0;  // worker processes that died of it before
    std::vector<JobImage> images;
    std::vector<std::string> destinations;
    /// Of each kind and code scheme the latest one: what this job's reports replace.
    std::vector<EarlierReport> earlier_reports;
};

/// How long each stage of a job took: decode, find, write.
using StageTimes = std::map<std::string, Duration>;
/// Somebody's hold on a job.
struct RunningJob {
    std::int64_t id = 0;
    int attempt = 0;
    std::string owner;
};

struct PendingDelivery {
    std::int64_t id = 0;
    std::string destination;
    std::filesystem::path path;  // relative to the spool's root
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string transfer_syntax_uid;
    int attempt = 0;  // 1 for the first try
};

}  // namespace calcnode::service
