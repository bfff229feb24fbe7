// The REST interface's part about what is in the files: pictures, findings, and names for those who may see
// them.
#include <algorithm>
#include <charconv>

#include <nlohmann/json.hpp>

#include "service/log.h"
#include "service/rest_api.h"
#include "service/rest_json.h"

namespace calcnode::service {

using nlohmann::json;

namespace {

constexpr int kLargestSide = 4096;

std::optional<int> number(const std::string& text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// A whole number of the query; nothing when it is not there.
std::optional<int> whole_of(const HttpRequest& request, const std::string& name, int lowest, int highest) {
    const std::string text = request.parameter(name);
    if (text.empty()) return std::nullopt;
    const auto value = number(text);
    if (!value || *value < lowest || *value > highest)
        throw RestError(ErrorCode::bad_request, "the parameter \"" + name + "\" cannot be read",
                        "give a whole number, " + std::to_string(lowest) + " to " + std::to_string(highest));
    return value;
}

/// "column,row,columns,rows" of the image.
json area_of(const HttpRequest& request, const dicom::InstanceHeader& header) {
    const std::string text = request.parameter("area");
    if (text.empty()) return {0, 0, header.columns, header.rows};
    json area = json::array();
    std::size_t at = 0;
    while (at <= text.size()) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        const auto value = number(text.substr(at, comma - at));
        if (!value || *value < -1'000'000 || *value > 1'000'000) break;
        area.push_back(*value);
        at = comma + 1;
    }
    if (area.size() != 4 || at != text.size() + 1 || area[2] < 1 || area[3] < 1)
        throw RestError(ErrorCode::bad_request, "the parameter \"area\" cannot be read",
                        "give column,row,columns,rows in pixels of the image");
    return area;
}

}  // namespace

StudyDetail RestApi::study_of(const RestRequest& request) {
    auto detail = journals_.with([&](Journal& journal) { return journal.find_study(request.matched.at(0)); });
    if (!detail)
        throw RestError(ErrorCode::study_not_found, "the journal has no study of this UID",
                        "see /api/v1/studies");
    return std::move(*detail);
}

std::string RestApi::ask_pictures(const json& question, bool keep) {
    try {
        return pictures_.ask(question.dump(-1, ' ', false, json::error_handler_t::replace), keep);
    } catch (const PictureError& error) {
        if (error.kind() == PictureError::Kind::busy)
            throw RestError(ErrorCode::busy, error.what(), "ask again in a moment");
        log_warn("picture_failed", {{"error", error.what()}});
        throw RestError(ErrorCode::picture_failed, error.what(),
                        "look at the study's history; the event picture_failed in the log says the same");
    }
}

const StoredInstance& RestApi::image_of(const StudyDetail& detail, const RestRequest& request) {
    for (const StoredInstance& stored : detail.study.instances) {
        if (stored.instance.header.sop_instance_uid != request.matched.at(1)) continue;
        if (!std::filesystem::exists(spool_.absolute(stored.instance.path)))
            throw RestError(ErrorCode::file_gone, "the spool does not hold this image any more",
                            "ask the archive for it");
        return stored;
    }
    throw RestError(ErrorCode::object_not_found, "the study has no image of this UID",
                    "see `images` of /api/v1/studies/{study}");
}

HttpResponse RestApi::findings(const RestRequest& request) {
    const StudyDetail detail = study_of(request);
    // The latest generation's; the code scheme does not matter to what is shown.
    const auto latest = [&](const char* kind) -> std::string {
        for (const ResultRow& result : detail.results)
            if (result.kind == kind) return spool_.absolute(result.path).string();
        return "";
    };
    const std::string report = latest("cad_sr");
    if (report.empty())
        throw RestError(ErrorCode::object_not_found, "the study has no report yet",
                        "wait until it was analysed");
    if (!std::filesystem::exists(report))
        throw RestError(ErrorCode::file_gone, "the spool does not hold the report any more",
                        "ask the archive for it");
    const std::string measures = latest("measurement_report");
    const json question{{"do", "findings"},
                        {"cad_sr", report},
                        {"measurement_report", std::filesystem::exists(measures) ? measures : ""}};
    return json_response(request.http, {{"images", json::parse(ask_pictures(question, true))}});
}

HttpResponse RestApi::patient(const RestRequest& request) {
    const StudyDetail detail = study_of(request);
    for (const StoredInstance& stored : detail.study.instances) {
        const auto path = spool_.absolute(stored.instance.path);
        if (!std::filesystem::exists(path)) continue;
        const std::string note = ask_pictures({{"do", "patient"}, {"path", path.string()}}, false);
        log_info("patient_shown", {{"user", request.user.name},
                                   {"peer", request.http.peer},
                                   {"study_instance_uid", detail.study.study_instance_uid}});
        HttpResponse response{.body = note + "\n"};
        return response;  // never kept by anybody: no entity tag
    }
    throw RestError(ErrorCode::file_gone, "the spool does not hold any image of the study",
                    "ask the archive");
}

HttpResponse RestApi::image(const RestRequest& request) {
    const StudyDetail detail = study_of(request);
    const StoredInstance& stored = image_of(detail, request);
    const json question{{"do", "image"}, {"path", spool_.absolute(stored.instance.path).string()}};
    return json_response(request.http, json::parse(ask_pictures(question, true)));
}

HttpResponse RestApi::picture(const RestRequest& request) {
    const StudyDetail detail = study_of(request);
    const StoredInstance& stored = image_of(detail, request);
    const dicom::InstanceHeader& header = stored.instance.header;
    const json area = area_of(request.http, header);
    const int columns =
        whole_of(request.http, "columns", 1, kLargestSide).value_or(std::min(kLargestSide, 800));
    const int proportional = std::max(1, columns * area[3].get<int>() / area[2].get<int>());
    json question{
        {"do", "picture"},
        {"path", spool_.absolute(stored.instance.path).string()},
        {"area", area},
        {"columns", columns},
        {"rows",
         whole_of(request.http, "rows", 1, kLargestSide).value_or(std::min(kLargestSide, proportional))}};
    if (const auto low = whole_of(request.http, "low", -65536, 131072)) question["low"] = *low;
    if (const auto high = whole_of(request.http, "high", -65536, 131072)) question["high"] = *high;
    HttpResponse response;
    response.content_type = "image/png";
    response.body = ask_pictures(question, true);
    const std::string tag = entity_tag(response.body);
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Cache-Control", "private, no-cache");
    if (matches_tag(request.http, tag)) {
        response.status = 304;
        response.body.clear();
    }
    return response;
}

}  // namespace calcnode::service
