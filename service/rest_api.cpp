#include "service/rest_api.h"

#include <algorithm>

#include "pipeline/model_store.h"
#include "service/http_assets.h"
#include "service/job_runner.h"
#include "service/log.h"
#include "service/rest_error.h"

namespace calcnode::service {

namespace {

/// What stands for each {name} of the pattern; nothing when the path is another.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
    std::vector<std::string> matched;
    while (!pattern.empty() && !path.empty()) {
        const std::size_t pattern_end = std::min(pattern.find('/', 1), pattern.size());
        const std::size_t path_end = std::min(path.find('/', 1), path.size());
        const std::string_view wanted = pattern.substr(0, pattern_end);
        const std::string_view given = path.substr(0, path_end);
        if (wanted.size() > 1 && wanted[1] == '{') {
            if (given.size() < 2) return std::nullopt;
            matched.emplace_back(given.substr(1));
        } else if (wanted != given) {
            return std::nullopt;
        }
        pattern.remove_prefix(pattern_end);
        path.remove_prefix(path_end);
    }
    if (!pattern.empty() || !path.empty()) return std::nullopt;
    return matched;
}

bool is_change(const std::string& method) {
    return method != "GET" && method != "HEAD";
}

std::string host_of(const std::string& origin) {
    const std::size_t slashes = origin.find("://");
    return slashes == std::string::npos ? "" : origin.substr(slashes + 3);
}

// No cookie ever lets anybody in, so a foreign page has nothing to ride on; what browsers say of it is heeded
// all the same (Fetch Metadata; RFC 6454).
void refuse_foreign(const HttpRequest& request) {
    const std::string origin = request.header("origin");
    const std::string site = request.header("sec-fetch-site");
    const bool foreign = (!origin.empty() && host_of(origin) != request.header("host")) ||
                         (!site.empty() && site != "same-origin" && site != "none");
    if (foreign)
        throw RestError(ErrorCode::foreign_origin, "a page of another site asked for a change",
                        "open the node's own dashboard");
}

/// The model of the configuration as its manifest says it. A node without workers need not have it.
pipeline::ModelIdentity model_of(const config::Config& config) {
    for (const pipeline::InstalledModel& model : pipeline::installed_models(models_folder(config))) {
        const bool meant =
            config.analysis.model_version.empty() || model.identity.version == config.analysis.model_version;
        if (model.identity.name == config.analysis.model && meant) return model.identity;
    }
    return {};
}

HttpResponse asset_response(const HttpRequest& request, const HttpAsset& asset) {
    HttpResponse response;
    response.content_type = asset.content_type;
    const std::string tag = entity_tag(asset.content);
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Cache-Control", "no-cache");
    if (matches_tag(request, tag)) {
        response.status = 304;
    } else {
        response.body = asset.content;
    }
    return response;
}

}  // namespace

RestApi::RestApi(LiveConfig config, const Spool& spool, const Metrics& metrics, NodeControls controls)
    : config_(std::move(config)),
      spool_(spool),
      metrics_(metrics),
      controls_(std::move(controls)),
      access_(HttpAccess::open(config::token_file(*config_.now()))),
      journals_(config::journal_url(*config_.now())),
      model_(model_of(*config_.now())) {}

const std::vector<RestApi::Route>& RestApi::routes() {
    static const std::vector<Route> table{
        {"GET", "/health/live", Permission::none, &RestApi::live},
        {"GET", "/health/ready", Permission::none, &RestApi::ready},
        {"GET", "/metrics", Permission::none, &RestApi::metrics},
        {"GET", "/api/v1/openapi.json", Permission::none, &RestApi::openapi},
        {"GET", "/api/v1/status", Permission::none, &RestApi::status},
        {"GET", "/api/v1/me", Permission::view, &RestApi::me},
        {"GET", "/api/v1/events", Permission::view, &RestApi::events},
        {"GET", "/api/v1/timeline", Permission::view, &RestApi::timeline},
        {"GET", "/api/v1/studies", Permission::view, &RestApi::list_studies},
        {"GET", "/api/v1/studies/{study}", Permission::view, &RestApi::show_study},
        {"POST", "/api/v1/studies/{study}/reanalyse", Permission::operate, &RestApi::reanalyse},
        {"GET", "/api/v1/studies/{study}/findings", Permission::view, &RestApi::findings},
        {"GET", "/api/v1/studies/{study}/patient", Permission::patient, &RestApi::patient},
        {"GET", "/api/v1/studies/{study}/images/{image}", Permission::view, &RestApi::image},
        {"GET", "/api/v1/studies/{study}/images/{image}/picture", Permission::view, &RestApi::picture},
        {"GET", "/api/v1/results/{instance}", Permission::patient, &RestApi::download_result},
        {"GET", "/api/v1/jobs", Permission::view, &RestApi::list_jobs},
        {"GET", "/api/v1/deliveries", Permission::view, &RestApi::list_deliveries},
        {"POST", "/api/v1/deliveries/replay", Permission::operate, &RestApi::replay_many},
        {"POST", "/api/v1/deliveries/{delivery}/replay", Permission::operate, &RestApi::replay_one},
        {"GET", "/api/v1/destinations", Permission::view, &RestApi::destinations},
        {"POST", "/api/v1/destinations/{destination}/echo", Permission::operate, &RestApi::echo_destination},
        {"GET", "/api/v1/drain", Permission::view, &RestApi::drain_state},
        {"POST", "/api/v1/drain", Permission::operate, &RestApi::set_drain},
        {"POST", "/api/v1/config/check", Permission::operate, &RestApi::check_config},
    };
    return table;
}

HttpResponse RestApi::answer(const HttpRequest& request) {
    try {
        return dispatch(request);
    } catch (const RestError& error) {
        return error_response(error);
    } catch (const JournalError& error) {
        log_error("status_unavailable", {{"error", error.what()}});
        return error_response({ErrorCode::journal_unavailable, "the journal cannot be reached",
                               "see the event status_unavailable in the log"});
    }
}

HttpResponse RestApi::dispatch(const HttpRequest& request) {
    std::string allowed;
    for (const Route& route : routes()) {
        auto matched = match(route.path, request.path);
        if (!matched) continue;
        if (request.method == route.method ||
            (request.method == "HEAD" && std::string_view(route.method) == "GET"))
            return call(route, request, std::move(*matched));
        allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    }
    const HttpAsset* asset = find_asset(request.path);
    if (asset != nullptr && !is_change(request.method)) return asset_response(request, *asset);
    if (asset != nullptr) allowed = "GET, HEAD";
    if (!allowed.empty()) {
        HttpResponse response = error_response(
            {ErrorCode::method_not_allowed, request.method + " is not allowed here", "use " + allowed});
        response.headers.emplace_back("Allow", allowed);
        return response;
    }
    throw RestError(ErrorCode::not_found, "there is nothing at this path", "see /api/v1/openapi.json");
}

HttpResponse RestApi::call(const Route& route, const HttpRequest& request, std::vector<std::string> matched) {
    if (is_change(request.method)) refuse_foreign(request);
    const HttpUser user = authorise(route, request);
    HttpResponse response = (this->*route.handler)({request, user, std::move(matched)});
    if (is_change(request.method))
        log_info("http_change", {{"user", user.name},
                                 {"peer", request.peer},
                                 {"path", request.path},
                                 {"status", static_cast<int>(response.status)}});
    return response;
}

HttpUser RestApi::authorise(const Route& route, const HttpRequest& request) const {
    if (route.permission == Permission::none) return {};
    auto user = access_.user_of(request);
    if (!user) {
        if (!request.header("authorization").empty())
            log_warn("http_refused",
                     {{"peer", request.peer}, {"path", request.path}, {"reason", "unknown token"}});
        throw RestError(ErrorCode::unauthenticated, "this needs a token",
                        "send Authorization: Bearer TOKEN with a token of http.token_file");
    }
    if (!user->may(route.permission)) {
        log_warn("http_refused", {{"peer", request.peer},
                                  {"path", request.path},
                                  {"user", user->name},
                                  {"reason", std::string("lacks ") + to_string(route.permission)}});
        throw RestError(ErrorCode::forbidden,
                        "the user " + user->name + " lacks the permission " + to_string(route.permission),
                        "grant it in http.token_file and restart the node");
    }
    return *user;
}

}  // namespace calcnode::service
