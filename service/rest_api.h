// The REST interface (/api/v1, described by web/openapi.json), health, and the dashboard's files: which path
// is whose, who may ask, and what is answered. Any thread. Free of sockets.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "pipeline/findings.h"
#include "service/http_access.h"
#include "service/http_message.h"
#include "service/journal_pool.h"
#include "service/live_config.h"
#include "service/metrics.h"
#include "service/picture_process.h"
#include "service/spool.h"

namespace calcnode::service {

/// What the interface may ask of the running node. Owned by others, who outlive it; called on any thread.
struct NodeControls {
    std::function<int()> associations;
    std::function<int()> workers;
    std::function<bool()> draining;
    std::function<void(bool)> drain;
};

/// A request that was let in.
struct RestRequest {
    const HttpRequest& http;
    HttpUser user;                     // no name: not asked for
    std::vector<std::string> matched;  // what stands for each {name} of the path, in order
};

class RestApi {
  public:
    /// Opens the file of tokens. The references must outlive it.
    RestApi(LiveConfig config, const Spool& spool, const Metrics& metrics, NodeControls controls);

    /// Never throws on account of a request or of the journal.
    HttpResponse answer(const HttpRequest& request);

    struct Route {
        const char* method;
        const char* path;  // "/api/v1/studies/{study}"
        Permission permission;
        HttpResponse (RestApi::*handler)(const RestRequest&);
    };
    static const std::vector<Route>& routes();

  private:
    HttpResponse dispatch(const HttpRequest& request);
    HttpResponse call(const Route& route, const HttpRequest& request, std::vector<std::string> matched);
    HttpUser authorise(const Route& route, const HttpRequest& request) const;

    // rest_node.cpp
    HttpResponse live(const RestRequest& request);
    HttpResponse ready(const RestRequest& request);
    HttpResponse status(const RestRequest& request);
    HttpResponse openapi(const RestRequest& request);
    HttpResponse me(const RestRequest& request);
    HttpResponse events(const RestRequest& request);
    HttpResponse metrics(const RestRequest& request);
    HttpResponse timeline(const RestRequest& request);
    HttpResponse destinations(const RestRequest& request);
    HttpResponse echo_destination(const RestRequest& request);
    HttpResponse drain_state(const RestRequest& request);
    HttpResponse set_drain(const RestRequest& request);
    HttpResponse check_config(const RestRequest& request);
    // rest_studies.cpp
    HttpResponse list_studies(const RestRequest& request);
    HttpResponse show_study(const RestRequest& request);
    HttpResponse reanalyse(const RestRequest& request);
    HttpResponse download_result(const RestRequest& request);
    // rest_pictures.cpp
    HttpResponse findings(const RestRequest& request);
    HttpResponse patient(const RestRequest& request);
    HttpResponse image(const RestRequest& request);
    HttpResponse picture(const RestRequest& request);
    StudyDetail study_of(const RestRequest& request);
    const StoredInstance& image_of(const StudyDetail& detail, const RestRequest& request);
    std::string ask_pictures(const nlohmann::json& question, bool keep);
    // rest_work.cpp
    HttpResponse list_jobs(const RestRequest& request);
    HttpResponse list_deliveries(const RestRequest& request);
    HttpResponse replay_one(const RestRequest& request);
    HttpResponse replay_many(const RestRequest& request);

    LiveConfig config_;
    const Spool& spool_;
    const Metrics& metrics_;
    NodeControls controls_;
    HttpAccess access_;
    JournalPool journals_;
    pipeline::ModelIdentity model_;  // that workers of this configuration load; empty: none is installed
    std::atomic<int> echoes_{0};
    PictureProcess pictures_;
};

}  // namespace calcnode::service
