#include "service/rest_json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <map>

#include "service/assembly.h"

namespace calcnode::service {

using nlohmann::json;

namespace {

constexpr int kPage = 50;
constexpr int kLongestPage = 200;

RestError bad(const std::string& name, const std::string& advice) {
    return {ErrorCode::bad_request, "the parameter \"" + name + "\" cannot be read", advice};
}

template <typename Number>
std::optional<Number> number_of(std::string_view text) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

json time_json(Time time) {
    if (time == Time{}) return nullptr;
    const auto days = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(days);
    const std::chrono::hh_mm_ss clock(time - days);
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02ld:%02ld:%02ld.%03ldZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<long>(clock.hours().count()),
                  static_cast<long>(clock.minutes().count()), static_cast<long>(clock.seconds().count()),
                  static_cast<long>(clock.subseconds().count()));
    return text.data();
}

json counts_json(const DeliveryCounts& counts) {
    return {{"pending", counts.pending},
            {"delivered", counts.delivered},
            {"not_accepted", counts.not_accepted},
            {"dead", counts.dead}};
}

json job_json(const JobRow& job) {
    return {{"id", job.id},
            {"study_instance_uid", job.study_instance_uid},
            {"generation", job.generation},
            {"state", job.state},
            {"attempt", job.attempt},
            {"worker", job.owner},
            {"closed_because", job.reason},
            {"failed", job.failed},
            {"summary", job.summary},
            {"created", time_json(job.created)},
            {"started", time_json(job.started)},
            {"finished", time_json(job.finished)}};
}

json replayed_json(const Replayed& replayed) {
    return {{"replayed", replayed.deliveries}, {"asked_again", replayed.commitments}};
}

json delivery_json(const DeliveryRow& delivery) {
    const bool pending = delivery.state == "pending";
    return {{"id", delivery.id},
            {"study_instance_uid",
             delivery.study_instance_uid.empty() ? json() : json(delivery.study_instance_uid)},
            {"destination", delivery.destination},
            {"kind", delivery.kind},
            {"sop_class_uid", delivery.sop_class_uid},
            {"sop_instance_uid", delivery.sop_instance_uid},
            {"state", delivery.state},
            {"attempt", delivery.attempt},
            {"next_attempt", pending ? time_json(delivery.next_attempt) : json()},
            {"reason", delivery.text},
            {"created", time_json(delivery.created)},
            {"finished", time_json(delivery.finished)},
            {"commitment", delivery.commitment.empty() ? json() : json(delivery.commitment)}};
}

json study_json(const StudyRow& study, const config::Assembly& rules) {
    std::map<std::string, int> views;
    std::vector<std::string> callers;
    std::uint64_t bytes = 0;
    for (const StoredInstance& stored : study.instances) {
        ++views[view_name(stored.instance.header)];
        bytes += stored.instance.bytes;
        const std::string& caller = stored.instance.calling_ae_title;
        if (std::find(callers.begin(), callers.end(), caller) == callers.end()) callers.push_back(caller);
    }
    return {
        {"study_instance_uid", study.study_instance_uid},
        {"state", to_string(state_of(study))},
        {"views", views},
        {"missing_views", study.open ? missing_views(study.instances, rules) : std::vector<std::string>{}},
        {"instances", study.instances.size()},
        {"bytes", bytes},
        {"calling_ae_titles", callers},
        {"generation", study.generation},
        {"first_received", time_json(study.first_received)},
        {"last_received", time_json(study.last_received)},
        {"job", study.job ? job_json(*study.job) : json()},
        {"deliveries", counts_json(study.deliveries)}};
}

HttpResponse json_response(const HttpRequest& request, const json& body) {
    HttpResponse response;
    response.body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    if (request.method != "GET" && request.method != "HEAD") return response;
    const std::string tag = entity_tag(response.body);
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Cache-Control", "no-cache");  // kept, but asked for each time
    if (matches_tag(request, tag)) {
        response.status = 304;
        response.body.clear();
    }
    return response;
}

int limit_of(const HttpRequest& request) {
    const std::string text = request.parameter("limit");
    if (text.empty()) return kPage;
    const auto limit = number_of<int>(text);
    if (!limit || *limit < 1 || *limit > kLongestPage) throw bad("limit", "give a number, 1 to 200");
    return *limit;
}

json cursor_json(const ListCursor& cursor) {
    return std::to_string(cursor.first) + "-" + std::to_string(cursor.id);
}

std::optional<ListCursor> cursor_of(const HttpRequest& request) {
    const std::string text = request.parameter("cursor");
    if (text.empty()) return std::nullopt;
    const std::size_t dash = text.find('-');
    const auto first = number_of<std::int64_t>(std::string_view(text).substr(0, dash));
    const auto id = dash == std::string::npos
                        ? std::nullopt
                        : number_of<std::int64_t>(std::string_view(text).substr(dash + 1));
    if (!first || !id) throw bad("cursor", "give what `next` of the page before says");
    return ListCursor{*first, *id};
}

std::optional<Time> time_of(const HttpRequest& request, const std::string& name) {
    const std::string text = request.parameter(name);
    if (text.empty()) return std::nullopt;
    int year = 0, used = 0;
    unsigned month = 0, day = 0, hour = 0, minute = 0;
    double second = 0;
    const int read = std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%lfZ%n", &year, &month, &day, &hour,
                                 &minute, &second, &used);
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    if (read != 6 || static_cast<std::size_t>(used) != text.size() || !date.ok() || hour > 23 ||
        minute > 59 || !(second >= 0 && second < 61))
        throw bad(name, "give a time in UTC: 2026-01-31T23:59:00Z");
    return Time(std::chrono::sys_days(date)) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           Duration(static_cast<long>(second * 1000));
}

std::string word_of(const HttpRequest& request, const std::string& name,
                    const std::vector<std::string>& words) {
    const std::string text = request.parameter(name);
    if (text.empty() || std::find(words.begin(), words.end(), text) != words.end()) return text;
    std::string list;
    for (const std::string& word : words)
        list += (list.empty() ? "" : ", ") + word;
    throw bad(name, "give one of " + list);
}

json body_of(const HttpRequest& request) {
    if (request.header("content-type").rfind("application/json", 0) != 0)
        throw RestError(ErrorCode::bad_request, "the body is not said to be JSON",
                        "send Content-Type: application/json");
    json body = json::parse(request.body, nullptr, false);
    if (!body.is_object())
        throw RestError(ErrorCode::bad_request, "the body is no JSON object",
                        "send {...}; {} where nothing is to be said");
    return body;
}

}  // namespace calcnode::service
