// A request as a handler sees it and what it answers: free of sockets. Value types.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace calcnode::service {

struct HttpRequest {
    std::string method;                          // GET, HEAD, POST ...
    std::string path;                            // decoded, without the query
    std::map<std::string, std::string> query;    // decoded; of a repeated name the last counts
    std::map<std::string, std::string> headers;  // names in lower case
    std::string body;
    std::string peer;  // numeric address

    /// Empty when it is not there.
    std::string header(const std::string& lower_case_name) const;
    std::string parameter(const std::string& name) const;
};

struct HttpResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
    /// The body begins a stream of events (text/event-stream): the connection stays open and gets what
    /// HttpServer::publish() is given.
    bool stream = false;
};

/// Splits and decodes the target of a request (RFC 3986). False when it is no path, or escapes are wrong.
[[nodiscard]] bool parse_target(std::string_view target, HttpRequest& request);

/// A strong entity tag of a body (RFC 9110 8.8.3), quotes included: its SHA-256, shortened.
std::string entity_tag(std::string_view body);

/// Whether the request's If-None-Match names the tag (RFC 9110 13.1.2).
bool matches_tag(const HttpRequest& request, std::string_view tag);

}  // namespace calcnode::service
