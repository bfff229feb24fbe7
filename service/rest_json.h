// How the journal's values stand in the REST interface's JSON, and how parameters are read. Pure functions;
// internal to rest_*.cpp.
#pragma once

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

#include "config/config.h"
#include "service/http_message.h"
#include "service/journal_watch.h"
#include "service/rest_error.h"

namespace calcnode::service {

/// RFC 3339, UTC, milliseconds: "2026-11-27T19:02:48.123Z"; null for 0.
nlohmann::json time_json(Time time);

nlohmann::json counts_json(const DeliveryCounts& counts);
nlohmann::json job_json(const JobRow& job);
nlohmann::json delivery_json(const DeliveryRow& delivery);
nlohmann::json replayed_json(const Replayed& replayed);
/// A line of the list; `rules` say which views it waits for.
nlohmann::json study_json(const StudyRow& study, const config::Assembly& rules);

/// 200 with the body and its entity tag; 304 when the request has it already.
HttpResponse json_response(const HttpRequest& request, const nlohmann::json& body);

// Parameters of the query. They throw RestError bad_request naming the parameter.
int limit_of(const HttpRequest& request);                         // 1..200, 50 when it is not there
std::optional<ListCursor> cursor_of(const HttpRequest& request);  // what `next` of the page before said
std::optional<Time> time_of(const HttpRequest& request, const std::string& name);
/// Empty when it is not there; else one of `words`.
std::string word_of(const HttpRequest& request, const std::string& name,
                    const std::vector<std::string>& words);

/// The body as a JSON object. Throws RestError bad_request when it is none, or when the request does not say
/// that it is JSON: a form of another site's page cannot say so.
nlohmann::json body_of(const HttpRequest& request);

nlohmann::json cursor_json(const ListCursor& cursor);

/// Cuts a page to `limit` rows; true when there was one more, so that there is a next page.
template <typename Row>
bool cut_page(std::vector<Row>& rows, int limit) {
    if (static_cast<int>(rows.size()) <= limit) return false;
    rows.resize(static_cast<std::size_t>(limit));
    return true;
}

}  // namespace calcnode::service
