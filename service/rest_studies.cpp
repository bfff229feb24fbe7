// The REST interface's part about studies.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "service/assembly.h"
#include "service/rest_api.h"
#include "service/rest_json.h"

namespace calcnode::service {

using nlohmann::json;

namespace {

constexpr int kHistory = 500;

const char* side_name(pipeline::Laterality laterality) {
    switch (laterality) {
        case pipeline::Laterality::left:
            return "left";
        case pipeline::Laterality::right:
            return "right";
        case pipeline::Laterality::both:
            return "both";
        case pipeline::Laterality::unknown:
            break;
    }
    return "unknown";
}

/// An image with what the latest job makes of it.
json image_json(const StoredInstance& stored, const std::optional<JobRow>& job) {
    const dicom::InstanceHeader& header = stored.instance.header;
    json image{{"sop_instance_uid", header.sop_instance_uid},
               {"sop_class_uid", header.sop_class_uid},
               {"transfer_syntax_uid", header.transfer_syntax_uid},
               {"view", view_name(header)},
               {"laterality", side_name(header.laterality)},
               {"intent", header.intent == pipeline::Intent::presentation ? "presentation" : "processing"},
               {"rows", header.rows},
               {"columns", header.columns},
               {"bytes", stored.instance.bytes},
               {"manufacturer", header.manufacturer},
               {"station_name", header.station_name},
               {"calling_ae_title", stored.instance.calling_ae_title},
               {"called_ae_title", stored.instance.called_ae_title},
               {"peer", stored.instance.peer},
               {"received", time_json(stored.instance.received)},
               {"analysed", nullptr},
               {"not_analysed_because", nullptr}};
    if (!job) return image;
    for (const JobImage& one : job->images) {
        if (one.sop_instance_uid != header.sop_instance_uid) continue;
        image["analysed"] = one.attempt;
        if (!one.attempt) image["not_analysed_because"] = one.reason;
    }
    return image;
}

json result_json(const ResultRow& result) {
    return {{"kind", result.kind},
            {"code_scheme", result.code_scheme},
            {"sop_class_uid", result.sop_class_uid},
            {"sop_instance_uid", result.sop_instance_uid},
            {"series_instance_uid", result.series_instance_uid},
            {"generation", result.generation},
            {"created", time_json(result.created)}};
}

/// Everything that happened to the study, the latest first: images that came, what the journal noted,
/// deliveries that ended.
json history_json(const StudyDetail& detail, const std::vector<JournalEvent>& events) {
    std::vector<JournalEvent> all;
    for (const JournalEvent& event : events) {
        if (event.kind.rfind("delivery_", 0) != 0) all.push_back(event);  // the deliveries say so themselves
    }
    for (const StoredInstance& stored : detail.study.instances)
        all.push_back({stored.instance.received, "image_received", "", 0,
                       view_name(stored.instance.header) + " from " + stored.instance.calling_ae_title});
    for (const DeliveryRow& delivery : detail.deliveries) {
        if (delivery.finished != Time{})
            all.push_back({delivery.finished, "delivery_" + delivery.state, "", 0,
                           delivery.kind + " to " + delivery.destination + ": " + delivery.text});
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const JournalEvent& a, const JournalEvent& b) { return a.at > b.at; });
    json history = json::array();
    for (const JournalEvent& event : all)
        history.push_back({{"at", time_json(event.at)},
                           {"kind", event.kind},
                           {"job", event.job == 0 ? json() : json(event.job)},
                           {"text", event.text}});
    return history;
}

RestError no_such_study() {
    return {ErrorCode::study_not_found, "the journal has no study of this UID", "see /api/v1/studies"};
}

}  // namespace

HttpResponse RestApi::list_studies(const RestRequest& request) {
    std::vector<std::string> words;
    for (int state = 0; state <= static_cast<int>(StudyState::trouble); ++state)
        words.emplace_back(to_string(static_cast<StudyState>(state)));
    StudyQuery query;
    query.limit = limit_of(request.http) + 1;
    query.after = cursor_of(request.http);
    query.state = study_state_of(word_of(request.http, "state", words));
    query.study_instance_uid = request.http.parameter("study_instance_uid");
    query.since = time_of(request.http, "since").value_or(Time{});
    query.until = time_of(request.http, "until");
    std::vector<StudyRow> studies =
        journals_.with([&](Journal& journal) { return journal.list_studies(query); });
    json body{{"studies", json::array()}, {"next", nullptr}};
    if (cut_page(studies, query.limit - 1))
        body["next"] =
            cursor_json({studies.back().last_received.time_since_epoch().count(), studies.back().id});
    for (const StudyRow& study : studies)
        body["studies"].push_back(study_json(study, config_.now()->assembly));
    return json_response(request.http, body);
}

HttpResponse RestApi::show_study(const RestRequest& request) {
    const std::string& uid = request.matched.at(0);
    std::vector<JournalEvent> events;
    const auto detail = journals_.with([&](Journal& journal) {
        auto found = journal.find_study(uid);
        if (found) events = journal.study_events(uid, kHistory);
        return found;
    });
    if (!detail) throw no_such_study();
    json body = study_json(detail->study, config_.now()->assembly);
    body["images"] = json::array();
    const std::optional<JobRow> latest =
        detail->jobs.empty() ? std::nullopt : std::optional<JobRow>(detail->jobs.front());
    for (const StoredInstance& stored : detail->study.instances)
        body["images"].push_back(image_json(stored, latest));
    for (const char* list : {"jobs", "results"})
        body[list] = json::array();
    for (const JobRow& job : detail->jobs)
        body["jobs"].push_back(job_json(job));
    for (const ResultRow& result : detail->results)
        body["results"].push_back(result_json(result));
    json deliveries = json::array();
    for (const DeliveryRow& delivery : detail->deliveries)
        deliveries.push_back(delivery_json(delivery));
    body["delivery_counts"] = body["deliveries"];
    body["deliveries"] = deliveries;
    body["history"] = history_json(*detail, events);
    return json_response(request.http, body);
}

HttpResponse RestApi::reanalyse(const RestRequest& request) {
    (void)body_of(request.http);
    const std::string& uid = request.matched.at(0);
    const bool opened = journals_.with([&](Journal& journal) {
        if (journal.reanalyse(uid, request.user.name, now())) return true;
        if (!journal.find_study(uid)) throw no_such_study();
        return false;
    });
    if (!opened)
        throw RestError(ErrorCode::study_open, "the study is being received, and will be analysed anyway",
                        "wait until it is done, then ask again");
    HttpResponse response =
        json_response(request.http, {{"study_instance_uid", uid}, {"state", "receiving"}});
    response.status = 202;
    return response;
}

HttpResponse RestApi::download_result(const RestRequest& request) {
    const std::string& uid = request.matched.at(0);
    const auto path = journals_.with([&](Journal& journal) { return journal.result_path(uid); });
    if (!path)
        throw RestError(ErrorCode::object_not_found, "no result object has this UID",
                        "see `results` of /api/v1/studies/{study}");
    std::ifstream file(spool_.absolute(*path), std::ios::binary);
    if (!file)
        throw RestError(ErrorCode::file_gone, "the spool does not hold this object any more",
                        "ask the destination that it was delivered to");
    HttpResponse response;
    response.content_type = "application/dicom";
    response.headers.emplace_back("Content-Disposition",
                                  "attachment; filename=\"" + path->filename().string() + "\"");
    response.body.assign(std::istreambuf_iterator<char>(file), {});
    return response;
}

}  // namespace calcnode::service
