// The REST interface's part about jobs and deliveries.
#include <charconv>

#include <nlohmann/json.hpp>

#include "service/rest_api.h"
#include "service/rest_json.h"

namespace calcnode::service {

using nlohmann::json;

namespace {

const std::vector<std::string> kJobStates{"queued", "running", "done", "superseded"};
const std::vector<std::string> kDeliveryStates{"pending", "delivered", "not_accepted", "dead"};

std::string text_of(const json& body, const char* key) {
    if (!body.contains(key)) return "";
    if (!body[key].is_string())
        throw RestError(ErrorCode::bad_request, std::string("\"") + key + "\" is no text",
                        "send a text, or leave it out");
    return body[key];
}

}  // namespace

HttpResponse RestApi::list_jobs(const RestRequest& request) {
    JobQuery query{.state = word_of(request.http, "state", kJobStates),
                   .study_instance_uid = request.http.parameter("study_instance_uid"),
                   .after = cursor_of(request.http),
                   .limit = limit_of(request.http) + 1};
    std::vector<JobRow> jobs = journals_.with([&](Journal& journal) { return journal.list_jobs(query); });
    json body{{"jobs", json::array()}, {"next", nullptr}};
    if (cut_page(jobs, query.limit - 1)) body["next"] = cursor_json({0, jobs.back().id});
    for (const JobRow& job : jobs)
        body["jobs"].push_back(job_json(job));
    return json_response(request.http, body);
}

HttpResponse RestApi::list_deliveries(const RestRequest& request) {
    DeliveryQuery query{.state = word_of(request.http, "state", kDeliveryStates),
                        .destination = request.http.parameter("destination"),
                        .study_instance_uid = request.http.parameter("study_instance_uid"),
                        .after = cursor_of(request.http),
                        .limit = limit_of(request.http) + 1};
    std::vector<DeliveryRow> deliveries =
        journals_.with([&](Journal& journal) { return journal.list_deliveries(query); });
    json body{{"deliveries", json::array()}, {"next", nullptr}};
    if (cut_page(deliveries, query.limit - 1)) body["next"] = cursor_json({0, deliveries.back().id});
    for (const DeliveryRow& delivery : deliveries)
        body["deliveries"].push_back(delivery_json(delivery));
    return json_response(request.http, body);
}

HttpResponse RestApi::replay_one(const RestRequest& request) {
    (void)body_of(request.http);
    const std::string& text = request.matched.at(0);
    std::int64_t id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || end != text.data() + text.size() || id <= 0)
        throw RestError(ErrorCode::bad_request, "a delivery is named by a number",
                        "see `id` in /api/v1/deliveries");
    const Replayed replayed = journals_.with(
        [&](Journal& journal) { return journal.replay({.id = id}, request.user.name, now()); });
    if (replayed.deliveries + replayed.commitments == 0) {
        const bool known = journals_.with([&](Journal& journal) {
            const auto found = journal.list_deliveries({.after = ListCursor{0, id + 1}, .limit = 1});
            return !found.empty() && found.front().id == id;
        });
        if (!known)
            throw RestError(ErrorCode::object_not_found, "no delivery has this number",
                            "see /api/v1/deliveries");
        throw RestError(ErrorCode::not_replayable, "the delivery is under way, or was taken",
                        "only what is dead, not_accepted or not committed can be replayed");
    }
    return json_response(request.http, replayed_json(replayed));
}

HttpResponse RestApi::replay_many(const RestRequest& request) {
    const json body = body_of(request.http);
    const ReplayQuery query{.destination = text_of(body, "destination"),
                            .study_instance_uid = text_of(body, "study_instance_uid")};
    if (query.destination.empty() && query.study_instance_uid.empty())
        throw RestError(ErrorCode::bad_request, "the body does not say which deliveries",
                        "send {\"destination\": NAME}, or {\"study_instance_uid\": UID}, or both");
    const Replayed replayed =
        journals_.with([&](Journal& journal) { return journal.replay(query, request.user.name, now()); });
    return json_response(request.http, replayed_json(replayed));
}

}  // namespace calcnode::service
