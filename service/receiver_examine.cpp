#include "service/receiver_examine.h"

#include <algorithm>
#include <string_view>

#include "dicom/error.h"
#include "dicom/uid.h"
#include "service/log.h"
#include "service/routing.h"

namespace calcnode::service {

namespace {

using dicom::StoreStatus;

Examination refused(StoreStatus status, std::string comment) {
    Examination examination;
    examination.refusal = dicom::StoreAnswer{status, std::move(comment)};
    return examination;
}

/// Softer than PS3.5 9.1, because old devices pad components with zeros; but nothing that a file name, a log
/// line or an SQL text column would mind.
bool usable_uid(std::string_view uid) {
    return !uid.empty() && uid.size() <= 64 &&
           std::all_of(uid.begin(), uid.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::vector<std::string> destinations_of(const config::Config& config, const FileMeta& meta,
                                         const dicom::InstanceHeader& header) {
    const config::Route* route =
        find_route(config.routes, {meta.calling_ae_title, meta.called_ae_title, meta.peer, header});
    if (route != nullptr) return route->destinations;
    log_warn("no_route", {{"sop_instance_uid", header.sop_instance_uid},
                          {"calling_ae_title", meta.calling_ae_title},
                          {"peer", meta.peer}});
    return {};
}

}  // namespace

Examination examine(const config::Config& config, const std::filesystem::path& file, const FileMeta& meta) {
    Examination examination;
    ReceivedInstance& instance = examination.instance;
    try {
        instance.header = dicom::read_instance_header(file);
    } catch (const dicom::Error& error) {
        if (error.code() == dicom::ErrorCode::file_error) throw;
        return refused(StoreStatus::cannot_understand, error.what());
    }
    const dicom::InstanceHeader& header = instance.header;
    // PS3.4 Table B.2-1: A900 Data Set does not match SOP Class; the instance must be the command's as well
    // (B.2.1).
    if (header.sop_class_uid != meta.sop_class_uid)
        return refused(StoreStatus::dataset_does_not_match_class, "SOP Class UID differs from the command's");
    if (header.sop_instance_uid != meta.sop_instance_uid)
        return refused(StoreStatus::dataset_does_not_match_class,
                       "SOP Instance UID differs from the command's");
    if (!usable_uid(header.sop_instance_uid))
        return refused(StoreStatus::cannot_understand, "SOP Instance UID is no UID");
    if (!usable_uid(header.study_instance_uid))
        return refused(StoreStatus::cannot_understand, "Study Instance UID is no UID");
    if (!usable_uid(header.series_instance_uid))
        return refused(StoreStatus::cannot_understand, "Series Instance UID is no UID");

    instance.calling_ae_title = meta.calling_ae_title;
    instance.called_ae_title = meta.called_ae_title;
    instance.peer = meta.peer;
    instance.destinations = destinations_of(config, meta, header);
    instance.analysable = header.sop_class_uid == dicom::kMammographyForPresentation ||
                          header.sop_class_uid == dicom::kMammographyForProcessing;
    instance.received = now();
    return examination;
}

}  // namespace calcnode::service
