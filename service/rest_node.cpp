// The REST interface's part about the node itself: health, status, destinations, drain, configuration.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>

#include <nlohmann/json.hpp>
#include <sys/mman.h>
#include <unistd.h>

#include "config/loader.h"
#include "dicom/storage_scu.h"
#include "service/destination_delivery.h"
#include "service/http_assets.h"
#include "service/log.h"
#include "service/rest_api.h"
#include "service/rest_json.h"
#include "service/status_json.h"

namespace calcnode::service {

using nlohmann::json;

namespace {

constexpr int kMaxEchoes = 2;  // each holds a handler's thread for as long as the peer is silent

/// Counts one more for as long as it lives.
class Turn {
  public:
    Turn(std::atomic<int>& count, int limit) : count_(count), got_(++count <= limit) {}
    ~Turn() { --count_; }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    bool got() const { return got_; }

  private:
    std::atomic<int>& count_;
    bool got_;
};

/// Text as a file that only this process has: the loader reads files.
class MemoryFile {
  public:
    explicit MemoryFile(const std::string& text) : fd_(::memfd_create("configuration", MFD_CLOEXEC)) {
        if (fd_ < 0 || ::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
            throw std::runtime_error(std::string("no memory for the configuration: ") + std::strerror(errno));
    }
    ~MemoryFile() {
        if (fd_ >= 0) ::close(fd_);
    }
    MemoryFile(const MemoryFile&) = delete;
    MemoryFile& operator=(const MemoryFile&) = delete;
    std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

  private:
    int fd_;
};

const char* word_of_echo(dicom::DeliveryStatus status) {
    switch (status) {
        case dicom::DeliveryStatus::delivered:
            return "answered";
        case dicom::DeliveryStatus::not_accepted:
            return "not_accepted";
        case dicom::DeliveryStatus::refused:
            return "refused";
        case dicom::DeliveryStatus::retry:
            return "unreachable";
    }
    return "unreachable";
}

}  // namespace

HttpResponse RestApi::live(const RestRequest&) {
    return {.body = "{\"status\":\"live\"}\n"};
}

HttpResponse RestApi::ready(const RestRequest&) {
    try {
        (void)journals_.with([](Journal& journal) { return journal.next_delivery_due().has_value(); });
    } catch (const JournalError& error) {
        log_error("status_unavailable", {{"error", error.what()}});
        return {.status = 503,
                .body = "{\"status\":\"not ready\",\"reason\":\"the journal cannot be reached\"}\n"};
    }
    if (controls_.draining())
        return {.status = 503, .body = "{\"status\":\"not ready\",\"reason\":\"draining\"}\n"};
    return {.body = "{\"status\":\"ready\"}\n"};
}

HttpResponse RestApi::status(const RestRequest&) {
    const JournalCounts counts = journals_.with([](Journal& journal) { return journal.counts(); });
    return {.body = status_json(counts, {.associations = controls_.associations(),
                                         .workers = controls_.workers(),
                                         .draining = controls_.draining()})};
}

HttpResponse RestApi::openapi(const RestRequest&) {
    return {.body = std::string(find_asset("/api/v1/openapi.json")->content)};
}

HttpResponse RestApi::me(const RestRequest& request) {
    json permissions = json::array();
    for (const Permission permission : request.user.permissions)
        permissions.push_back(to_string(permission));
    return json_response(request.http, {{"name", request.user.name}, {"permissions", permissions}});
}

HttpResponse RestApi::events(const RestRequest&) {
    return {.content_type = "text/event-stream", .body = "retry: 2000\n\n", .stream = true};
}

HttpResponse RestApi::metrics(const RestRequest&) {
    Metrics::Now state = journals_.with([](Journal& journal) {
        Metrics::Now read;
        read.counts = journal.counts();
        read.ages = journal.queue_ages();
        read.destinations = journal.destination_activity();
        return read;
    });
    state.associations = controls_.associations();
    state.workers = controls_.workers();
    state.draining = controls_.draining();
    const auto space = std::filesystem::space(spool_.root());
    state.disk_free = space.available;
    state.disk_total = space.capacity;
    state.model_name = model_.name;
    state.model_version = model_.version;
    state.model_digest = model_.digest;
    state.at = now();
    return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = metrics_.exposition(state)};
}

HttpResponse RestApi::timeline(const RestRequest& request) {
    json samples = json::array();
    for (const MetricsSample& sample : metrics_.samples())
        samples.push_back({{"at", time_json(sample.at)},
                           {"instances", sample.instances},
                           {"bytes", sample.bytes},
                           {"studies", sample.studies},
                           {"delivered", sample.delivered},
                           {"open_studies", sample.open_studies},
                           {"jobs", sample.jobs},
                           {"deliveries", sample.deliveries},
                           {"latency_median_s", sample.latency_median_s},
                           {"latency_longest_s", sample.latency_longest_s},
                           {"disk_free", sample.disk_free}});
    const auto space = std::filesystem::space(spool_.root());
    return json_response(
        request.http,
        {{"samples", samples},
         {"disk_size", space.capacity},
         {"workers", controls_.workers()},
         {"configured_workers", config_.now()->analysis.workers},
         {"model", {{"name", model_.name}, {"version", model_.version}, {"digest", model_.digest}}}});
}

HttpResponse RestApi::destinations(const RestRequest& request) {
    std::map<std::string, DestinationActivity> active;
    for (DestinationActivity& one :
         journals_.with([](Journal& journal) { return journal.destination_activity(); }))
        active[one.destination] = one;
    json list = json::array();
    const auto config = config_.now();
    for (const auto& [name, destination] : config->destinations) {
        const DestinationActivity& activity = active[name];
        const bool failing = activity.deliveries.pending > 0 && !activity.last_error.empty();
        list.push_back({{"name", name},
                        {"ae_title", destination.ae_title},
                        {"host", destination.host},
                        {"port", destination.port},
                        {"results", destination.results},
                        {"state", failing                           ? "failing"
                                  : activity.deliveries.pending > 0 ? "sending"
                                                                    : "idle"},
                        {"deliveries", counts_json(activity.deliveries)},
                        {"last_delivered", time_json(activity.last_delivered)},
                        {"last_error", activity.last_error.empty() ? json() : json(activity.last_error)},
                        {"last_error_at", time_json(activity.last_error_at)}});
    }
    return json_response(request.http, {{"destinations", list}});
}

HttpResponse RestApi::echo_destination(const RestRequest& request) {
    const std::string& name = request.matched.at(0);
    const auto config = config_.now();
    if (!config->destinations.contains(name))
        throw RestError(ErrorCode::destination_not_found, "the configuration has no destination of this name",
                        "see /api/v1/destinations");
    const Turn turn(echoes_, kMaxEchoes);
    if (!turn.got())
        throw RestError(ErrorCode::busy, "other echoes are still waiting for their answer",
                        "ask again in a while");
    const auto started = std::chrono::steady_clock::now();
    const dicom::DeliveryReport report = dicom::echo(peer_of(*config, name));
    const auto took = std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now() - started);
    return json_response(request.http, {{"destination", name},
                                        {"outcome", word_of_echo(report.status)},
                                        {"dimse_status", report.dimse_status},
                                        {"message", report.text},
                                        {"milliseconds", took.count()}});
}

HttpResponse RestApi::drain_state(const RestRequest& request) {
    const JournalCounts counts = journals_.with([](Journal& journal) { return journal.counts(); });
    const bool idle = controls_.associations() == 0 && counts.studies_open == 0 && counts.jobs_queued == 0 &&
                      counts.jobs_running == 0 && counts.deliveries_pending == 0;
    return json_response(request.http, {{"draining", controls_.draining()},
                                        {"drained", controls_.draining() && idle},
                                        {"associations", controls_.associations()},
                                        {"studies_open", counts.studies_open},
                                        {"jobs", counts.jobs_queued + counts.jobs_running},
                                        {"deliveries_pending", counts.deliveries_pending}});
}

HttpResponse RestApi::set_drain(const RestRequest& request) {
    const json body = body_of(request.http);
    if (!body.contains("draining") || !body["draining"].is_boolean())
        throw RestError(ErrorCode::bad_request, "the body does not say what to do",
                        "send {\"draining\": true} or false");
    const bool draining = body["draining"];
    controls_.drain(draining);
    log_info(draining ? "draining" : "drain_ended", {{"user", request.user.name}});
    return drain_state(request);
}

HttpResponse RestApi::check_config(const RestRequest& request) {
    const MemoryFile file(request.http.body);
    json mistakes = json::array();
    try {
        (void)config::load(file.path());
    } catch (const config::Error& error) {
        for (config::Mistake mistake : error.mistakes()) {
            if (mistake.source == file.path()) mistake.source = "configuration";
            mistakes.push_back({{"source", mistake.source},
                                {"line", mistake.line},
                                {"key", mistake.key},
                                {"message", mistake.message}});
        }
    }
    return json_response(request.http, {{"good", mistakes.empty()}, {"mistakes", mistakes}});
}

}  // namespace calcnode::service
