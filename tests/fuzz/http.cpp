#include <string>
#include <string_view>

#include "service/http_message.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

// The first line is the request's target, the rest a header of the peer's.
void http(Bytes input) {
    const std::string_view text(reinterpret_cast<const char*>(input.data()), input.size());
    const std::size_t line = text.find('\n');
    service::HttpRequest request;
    if (service::parse_target(text.substr(0, line), request)) {
        if (request.path.empty() || request.path.front() != '/') __builtin_trap();
        for (const auto& [name, value] : request.query)
            (void)request.parameter(name);
    }
    request.headers["if-none-match"] = line == std::string_view::npos ? "" : text.substr(line + 1);
    (void)service::matches_tag(request, service::entity_tag(text));
}

}  // namespace calcnode::fuzz
