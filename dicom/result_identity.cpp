#include "dicom/result_identity.h"

#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// Part of every UID. Raise it when the same findings come out as other bytes within one version of calcnode.
constexpr const char* kLayout = "2";

std::string uid_of(const char* kind, const std::string& subject, const ResultOptions& options,
                   const std::string& more) {
    const pipeline::ModelIdentity& model = options.model;
    return deterministic_uid(
        {kind, kLayout, subject, model.name, model.version, model.digest, options.config_digest, more});
}

/// What else can change the bytes of an object of ours.
std::string presentation(const ResultOptions& options) {
    return std::string(CALCNODE_VERSION) + "|" + (options.plane_orientation_compat ? "compat" : "pure") +
           "|" + options.device_serial_number + "|" + options.institution +
           (options.code_scheme == CodeScheme::srt ? "|srt" : "|sct");
}

std::string report_details(const ResultOptions& options) {
    std::string details = presentation(options) + "|" + std::to_string(options.generation) + "|" +
                          std::to_string(options.required_score);
    for (const PredecessorDocument& document : options.predecessors)
        details += "|" + document.sop_instance_uid;
    if (options.kinds.contains(ResultKind::segmentation)) details += "|with segmentations";
    return details;
}

/// Sources are in an order of their own already, so that this is one too. With what became of each image: a
/// report that it failed is not the one that it did not.
std::string image_set(const std::vector<ResultSource>& sources) {
    std::string text = sources.front().header.study_instance_uid;
    for (const ResultSource& source : sources) {
        text += "|" + source.header.sop_instance_uid + "=" +
                std::to_string(static_cast<int>(source.findings().status)) + source.findings().reason;
    }
    return text;
}

std::string names_of(const std::vector<const ResultSource*>& sources) {
    std::string text = sources.front()->header.study_instance_uid;
    for (const ResultSource* source : sources)
        text += "|" + source->header.sop_instance_uid;
    return text;
}

std::string view_name(const ResultSource& source) {
    using pipeline::Laterality;
    using pipeline::View;
    std::string name = source.header.laterality == Laterality::left    ? "L "
                       : source.header.laterality == Laterality::right ? "R "
                                                                       : "";
    switch (source.header.view) {
        case View::cc:
            return name + "CC ";
        case View::mlo:
            return name + "MLO ";
        case View::ml:
            return name + "ML ";
        case View::lm:
            return name + "LM ";
        case View::lmo:
            return name + "LMO ";
        case View::xccl:
            return name + "XCCL ";
        case View::xccm:
            return name + "XCCM ";
        case View::fb:
            return name + "FB ";
        case View::sio:
            return name + "SIO ";
        case View::iso:
            return name + "ISO ";
        case View::specimen:
        case View::unknown:
            break;
    }
    return name;
}

}  // namespace

int cad_report_series_number(const ResultOptions& options) {
    return kCadReportSeries + 10 * (options.generation - 1);
}

int measurement_report_series_number(const ResultOptions& options) {
    return kMeasurementReportSeries + 10 * (options.generation - 1);
}

std::string segmentation_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("seg.instance", source.header.sop_instance_uid, options, presentation(options));
}

std::string segmentation_series_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("seg.series", source.header.sop_instance_uid, options, presentation(options));
}

std::string dimension_organization_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("seg.dimensions", source.header.sop_instance_uid, options, presentation(options));
}

std::string cad_report_uid(const std::vector<ResultSource>& sources, const ResultOptions& options) {
    return uid_of("cadsr.instance", image_set(sources), options, report_details(options));
}

std::string cad_report_series_uid(const std::vector<ResultSource>& sources, const ResultOptions& options) {
    return uid_of("cadsr.series", sources.front().header.study_instance_uid, options,
                  report_details(options));
}

std::string measurement_report_uid(const std::vector<ResultSource>& sources, const ResultOptions& options) {
    return uid_of("sr1500.instance", image_set(sources), options, report_details(options));
}

std::string measurement_report_series_uid(const std::vector<ResultSource>& sources,
                                          const ResultOptions& options) {
    return uid_of("sr1500.series", sources.front().header.study_instance_uid, options,
                  report_details(options));
}

std::string device_observer_uid(const ResultOptions& options) {
    return deterministic_uid({"device", options.device_serial_number, options.institution});
}

std::string key_image_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("key.instance", source.header.sop_instance_uid, options, presentation(options));
}

std::string key_image_series_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("key.series", source.header.study_instance_uid, options, presentation(options));
}

std::string probability_map_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("map.instance", source.header.sop_instance_uid, options, presentation(options));
}

std::string probability_map_dimension_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("map.dimensions", source.header.sop_instance_uid, options, presentation(options));
}

std::string probability_map_series_uid(const ResultSource& source, const ResultOptions& options) {
    return uid_of("map.series", source.header.study_instance_uid, options, presentation(options));
}

std::string presentation_state_uid(const std::vector<const ResultSource*>& sources,
                                   const ResultOptions& options) {
    return uid_of("gsps.instance", names_of(sources), options, presentation(options));
}

std::string presentation_state_series_uid(const std::vector<const ResultSource*>& sources,
                                          const ResultOptions& options) {
    return uid_of("gsps.series", names_of(sources), options, presentation(options));
}

Tracking cluster_tracking(const ResultSource& source, const ResultOptions& options, std::size_t index) {
    const std::string number = std::to_string(index + 1);
    return {view_name(source) + "cluster " + number,
            uid_of("track.cluster", source.header.sop_instance_uid, options, number)};
}

Tracking segment_tracking(const ResultSource& source, const ResultOptions& options, const std::string& kind) {
    return {view_name(source) + kind, uid_of("track.segment", source.header.sop_instance_uid, options, kind)};
}

}  // namespace calcnode::dicom
