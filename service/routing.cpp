#include "service/routing.h"

#include <algorithm>

namespace calcnode::service {

namespace {

bool matches_any(const std::vector<std::string>& patterns, std::string_view text) {
    return patterns.empty() || std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
               return matches_pattern(pattern, text);
           });
}

bool matches(const config::RouteMatch& match, const RouteSubject& subject) {
    return matches_any(match.calling_ae_title, subject.calling_ae_title) &&
           matches_any(match.called_ae_title, subject.called_ae_title) &&
           matches_any(match.peer, subject.peer) && matches_any(match.modality, subject.header.modality) &&
           matches_any(match.sop_class_uid, subject.header.sop_class_uid) &&
           matches_any(match.station_name, subject.header.station_name) &&
           matches_any(match.manufacturer, subject.header.manufacturer);
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view text) {
    constexpr std::size_t kNone = std::string_view::npos;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = kNone;       // the last * seen
    std::size_t star_text = kNone;  // where what follows it is being tried
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            star_text = t;
        } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
            ++p;
            ++t;
        } else if (star != kNone) {
            // Only the last * need give way: an earlier one has matched as little as it could.
            p = star + 1;
            t = ++star_text;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*')
        ++p;
    return p == pattern.size();
}

const config::Route* find_route(const std::vector<config::Route>& routes, const RouteSubject& subject) {
    const auto found = std::find_if(routes.begin(), routes.end(), [&](const config::Route& route) {
        return matches(route.match, subject);
    });
    return found == routes.end() ? nullptr : &*found;
}

}  // namespace calcnode::service
