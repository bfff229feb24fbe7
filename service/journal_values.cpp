#include "service/journal_values.h"

#include <array>

#include <nlohmann/json.hpp>

#include "service/journal.h"

namespace calcnode::service {

namespace {

using nlohmann::json;
using pipeline::Intent;
using pipeline::Laterality;
using pipeline::View;

// Words, not numbers: the journal outlives a change of the enumerations' order.
constexpr std::array<const char*, 4> kLateralities = {"unknown", "left", "right", "both"};
constexpr std::array<const char*, 12> kViews = {"unknown", "cc",   "mlo", "ml",  "lm",  "lmo",
                                                "xccl",    "xccm", "fb",  "sio", "iso", "specimen"};
constexpr std::array<const char*, 2> kIntents = {"presentation", "processing"};
static_assert(static_cast<std::size_t>(View::specimen) + 1 == kViews.size());
static_assert(static_cast<std::size_t>(Laterality::both) + 1 == kLateralities.size());
static_assert(static_cast<std::size_t>(Intent::processing) + 1 == kIntents.size());

template <typename Enum, std::size_t N>
const char* word_of(const std::array<const char*, N>& words, Enum value) {
    return words.at(static_cast<std::size_t>(value));
}

template <typename Enum, std::size_t N>
Enum value_of(const std::array<const char*, N>& words, const json& object, const char* key) {
    const std::string word = object.value(key, words[0]);
    for (std::size_t i = 0; i < N; ++i)
        if (word == words[i]) return static_cast<Enum>(i);
    return Enum{};
}

// Names from a configuration or a peer may be no UTF-8: replaced, never thrown at.
std::string text_of(const json& value) {
    return value.dump(-1, ' ', true, json::error_handler_t::replace);
}

json parse(const std::string& text) {
    json value = json::parse(text, nullptr, false);
    if (value.is_discarded()) throw JournalError("the journal holds a value that cannot be read");
    return value;
}

template <typename Decode>
auto decoded(const std::string& text, Decode decode) {
    try {
        return decode(parse(text));
    } catch (const json::exception&) {
        throw JournalError("the journal holds a value of another shape than expected");
    }
}

}  // namespace

std::string printable(std::string_view text, std::size_t limit) {
    std::string clean(text.substr(0, limit));
    for (char& c : clean)
        if (c < 0x20 || c > 0x7e) c = '?';
    return clean;
}

std::string encode_header(const dicom::InstanceHeader& h) {
    return text_of(json{
        {"sop_class_uid", h.sop_class_uid},
        {"sop_instance_uid", h.sop_instance_uid},
        {"study_instance_uid", h.study_instance_uid},
        {"series_instance_uid", h.series_instance_uid},
        {"transfer_syntax_uid", h.transfer_syntax_uid},
        {"modality", h.modality},
        {"station_name", h.station_name},
        {"manufacturer", h.manufacturer},
        {"instance_number", h.instance_number},
        {"laterality", word_of(kLateralities, h.laterality)},
        {"view", word_of(kViews, h.view)},
        {"intent", word_of(kIntents, h.intent)},
        {"rows", h.rows},
        {"columns", h.columns},
        {"number_of_frames", h.number_of_frames},
        {"implant_present", h.implant_present},
        {"implant_displaced", h.implant_displaced},
        {"magnification", h.magnification},
        {"spot_compression", h.spot_compression},
        {"specimen", h.specimen},
        {"partial_view", h.partial_view},
        {"quality_control", h.quality_control},
        {"tomosynthesis", h.tomosynthesis},
        {"source_instance_uids", h.source_instance_uids},
        {"content_datetime", h.content_datetime},
    });
}

dicom::InstanceHeader decode_header(const std::string& text) {
    return decoded(text, [](const json& j) {
        dicom::InstanceHeader h;
        const auto get = [&j](const char* key, auto& field) { field = j.value(key, field); };
        get("sop_class_uid", h.sop_class_uid);
        get("sop_instance_uid", h.sop_instance_uid);
        get("study_instance_uid", h.study_instance_uid);
        get("series_instance_uid", h.series_instance_uid);
        get("transfer_syntax_uid", h.transfer_syntax_uid);
        get("modality", h.modality);
        get("station_name", h.station_name);
        get("manufacturer", h.manufacturer);
        get("instance_number", h.instance_number);
        h.laterality = value_of<Laterality>(kLateralities, j, "laterality");
        h.view = value_of<View>(kViews, j, "view");
        h.intent = value_of<Intent>(kIntents, j, "intent");
        get("rows", h.rows);
        get("columns", h.columns);
        get("number_of_frames", h.number_of_frames);
        get("implant_present", h.implant_present);
        get("implant_displaced", h.implant_displaced);
        get("magnification", h.magnification);
        get("spot_compression", h.spot_compression);
        get("specimen", h.specimen);
        get("partial_view", h.partial_view);
        get("quality_control", h.quality_control);
        get("tomosynthesis", h.tomosynthesis);
        get("source_instance_uids", h.source_instance_uids);
        get("content_datetime", h.content_datetime);
        return h;
    });
}

std::string encode_names(const std::vector<std::string>& names) {
    return text_of(json(names));
}

std::vector<std::string> decode_names(const std::string& text) {
    return decoded(text, [](const json& j) { return j.get<std::vector<std::string>>(); });
}

std::string encode_report(const dicom::CommitmentReport& report) {
    json committed = json::array();
    for (const dicom::SopReference& one : report.committed)
        committed.push_back({one.sop_class_uid, one.sop_instance_uid});
    json failed = json::array();
    for (const dicom::FailedReference& one : report.failed)
        failed.push_back({one.reference.sop_class_uid, one.reference.sop_instance_uid, one.reason});
    return text_of(
        {{"transaction_uid", report.transaction_uid}, {"committed", committed}, {"failed", failed}});
}

dicom::CommitmentReport decode_report(const std::string& text) {
    return decoded(text, [](const json& j) {
        dicom::CommitmentReport report{j.at("transaction_uid").get<std::string>(), {}, {}};
        for (const json& one : j.at("committed"))
            report.committed.push_back({one.at(0).get<std::string>(), one.at(1).get<std::string>()});
        for (const json& one : j.at("failed"))
            report.failed.push_back({{one.at(0).get<std::string>(), one.at(1).get<std::string>()},
                                     one.at(2).get<std::uint16_t>()});
        return report;
    });
}

std::string encode_stages(const StageTimes& stages) {
    if (stages.empty()) return "";
    json object = json::object();
    for (const auto& [stage, took] : stages)
        object[stage] = took.count();
    return text_of(object);
}

StageTimes decode_stages(const std::string& text) {
    if (text.empty()) return {};
    return decoded(text, [](const json& object) {
        StageTimes stages;
        for (const auto& [stage, took] : object.items())
            stages[stage] = Duration(took.get<long long>());
        return stages;
    });
}

std::string encode_images(const std::vector<JobImage>& images) {
    json list = json::array();
    for (const JobImage& image : images)
        list.push_back({{"instance_id", image.instance_id},
                        {"path", image.path.generic_string()},
                        {"sop_instance_uid", image.sop_instance_uid},
                        {"attempt", image.attempt},
                        {"reason", image.reason}});
    return text_of(list);
}

std::vector<JobImage> decode_images(const std::string& text) {
    return decoded(text, [](const json& list) {
        std::vector<JobImage> images;
        for (const json& j : list) {
            JobImage image;
            image.instance_id = j.at("instance_id").get<std::int64_t>();
            image.path = j.at("path").get<std::string>();
            image.sop_instance_uid = j.at("sop_instance_uid").get<std::string>();
            image.attempt = j.value("attempt", true);
            image.reason = j.value("reason", "");
            images.push_back(std::move(image));
        }
        return images;
    });
}

}  // namespace calcnode::service
