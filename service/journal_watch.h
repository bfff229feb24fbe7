// What the journal tells those who only look: the dashboard, the REST interface, metrics. Value types; no
// patient data beside UIDs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/types.h"

namespace calcnode::service {

/// A position in a list that is ordered by (first, id), the greatest first.
struct ListCursor {
    std::int64_t first = 0;
    std::int64_t id = 0;
};

/// What a study's row, its latest job and its deliveries make of it.
///   receiving   instances came; it waits for more views, or for a quiet moment
///   queued, analysing, delivering, done
///   trouble     the latest job's report says failed, or a delivery was given up
enum class StudyState { receiving, queued, analysing, delivering, done, trouble };

const char* to_string(StudyState state);
std::optional<StudyState> study_state_of(std::string_view name);

struct DeliveryCounts {
    std::int64_t pending = 0;
    std::int64_t delivered = 0;
    std::int64_t not_accepted = 0;
    std::int64_t dead = 0;
};

struct JobRow {
    std::int64_t id = 0;
    std::string study_instance_uid;
    int generation = 0;
    std::string state;  // queued, running, done, superseded
    int attempt = 0;
    std::string owner;
    std::string reason;  // why the study was closed
    bool failed = false;
    std::string summary;
    Time created{};
    Time started{};   // 0: not yet
    Time finished{};  // 0: not yet
    std::vector<JobImage> images;
};

struct StudyRow {
    std::int64_t id = 0;
    std::string study_instance_uid;
    bool open = false;
    int generation = 0;
    Time first_received{};
    Time last_received{};
    std::vector<StoredInstance> instances;  // variants left out
    std::optional<JobRow> job;              // the latest
    DeliveryCounts deliveries;              // of all its result objects
};

/// Pure.
StudyState state_of(const StudyRow& study);

struct StudyQuery {
    std::optional<StudyState> state;
    std::string study_instance_uid;  // empty: any
    Time since{};                    // last_received at or after this
    std::optional<Time> until;       // last_received before this
    std::optional<ListCursor> after;
    int limit = 50;
};

struct DeliveryRow {
    std::int64_t id = 0;
    std::string study_instance_uid;  // empty: of an object that was forwarded
    std::string destination;
    std::string kind;  // of a result; "instance" for what was forwarded
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string state;  // pending, delivered, not_accepted, dead
    int attempt = 0;
    Time next_attempt{};  // of a pending one
    std::string text;     // what the last attempt ended with
    Time created{};
    Time finished{};         // 0: not yet
    std::string commitment;  // state of its storage commitment; empty: none is asked for
};

struct DeliveryQuery {
    std::string state;        // empty: any
    std::string destination;  // empty: any
    std::string study_instance_uid;
    std::optional<ListCursor> after;  // by id alone
    int limit = 50;
};

/// Which deliveries are put back: those that are dead or not accepted, and the delivered ones that their
/// destination does not say it keeps. All that is given must hold.
struct ReplayQuery {
    std::int64_t id = 0;      // of the delivery; 0: any
    std::string destination;  // empty: any
    std::string study_instance_uid;
};

struct Replayed {
    int deliveries = 0;   // that are tried anew
    int commitments = 0;  // delivered objects that are to be asked for again
};

struct JobQuery {
    std::string state;  // empty: any
    std::string study_instance_uid;
    std::optional<ListCursor> after;  // by id alone
    int limit = 50;
};

struct ResultRow {
    std::string kind;
    std::string code_scheme;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string series_instance_uid;
    std::filesystem::path path;  // relative to the spool's root
    int generation = 0;
    Time created{};
};

struct StudyDetail {
    StudyRow study;
    std::vector<JobRow> jobs;  // the latest first
    std::vector<ResultRow> results;
    std::vector<DeliveryRow> deliveries;
};

/// What became of one destination's deliveries, and what it last said that was no success.
struct DestinationActivity {
    std::string destination;
    DeliveryCounts deliveries;
    std::string last_error;
    Time last_error_at{};
    Time last_delivered{};
};

/// Grows when something happened that a list or a page would show.
struct JournalMarks {
    std::int64_t instance = 0;
    std::int64_t event = 0;
    std::int64_t delivered = 0;  // time of the last end of a delivery
    std::int64_t started = 0;
    bool operator==(const JournalMarks&) const = default;
};

/// How long the oldest waits; a time of 0: none does.
struct QueueAges {
    Time oldest_open_study{};
    Time oldest_queued_job{};
    Time oldest_pending_delivery{};
};

struct QueueDepths {
    std::int64_t open_studies = 0;
    std::int64_t jobs = 0;        // queued or running
    std::int64_t deliveries = 0;  // pending
};

/// A job that ended, for the metrics.
struct FinishedJob {
    std::int64_t id = 0;
    bool failed = false;
    Time created{};
    Time started{};
    Time finished{};
    StageTimes stages;  // what its worker measured: decode, find, write
};

/// A delivery that ended, for the metrics.
struct FinishedDelivery {
    std::int64_t id = 0;
    std::string destination;
    std::string state;  // delivered, not_accepted, dead
    Time arrived{};  // the study's last instance before it was closed, or the forwarded object; 0: not known
    Time finished{};
};

}  // namespace calcnode::service
