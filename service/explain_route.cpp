#include "service/explain_route.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include <nlohmann/json.hpp>

#include "dicom/uid.h"
#include "service/receiver_meta.h"

namespace calcnode::service {

namespace {

std::string joined(const std::vector<std::string>& words) {
    std::string text = "[";
    for (const std::string& word : words)
        text.append(text.size() == 1 ? "" : ", ").append(word);
    return text + "]";
}

struct Condition {
    const char* name;
    std::vector<std::string> config::RouteMatch::*patterns;
    std::string value;
};

RuleExplained explain(const config::Route& route, const RouteSubject& subject) {
    const std::array<Condition, 7> conditions{
        {{"calling_ae_title", &config::RouteMatch::calling_ae_title, subject.calling_ae_title},
         {"called_ae_title", &config::RouteMatch::called_ae_title, subject.called_ae_title},
         {"peer", &config::RouteMatch::peer, subject.peer},
         {"modality", &config::RouteMatch::modality, subject.header.modality},
         {"sop_class_uid", &config::RouteMatch::sop_class_uid, subject.header.sop_class_uid},
         {"station_name", &config::RouteMatch::station_name, subject.header.station_name},
         {"manufacturer", &config::RouteMatch::manufacturer, subject.header.manufacturer}}};
    RuleExplained rule{
        .name = route.name, .matches = true, .conditions = {}, .destinations = route.destinations};
    for (const Condition& condition : conditions) {
        const std::vector<std::string>& patterns = route.match.*condition.patterns;
        if (patterns.empty()) continue;
        const bool holds = std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
            return matches_pattern(pattern, condition.value);
        });
        rule.conditions.push_back({condition.name, joined(patterns), condition.value, holds});
        rule.matches = rule.matches && holds;
    }
    return rule;
}

nlohmann::json to_json(const RuleExplained& rule) {
    nlohmann::json conditions = nlohmann::json::array();
    for (const ConditionExplained& c : rule.conditions) {
        conditions.push_back(
            {{"condition", c.condition}, {"patterns", c.patterns}, {"value", c.value}, {"holds", c.holds}});
    }
    return {{"name", rule.name},
            {"matches", rule.matches},
            {"conditions", conditions},
            {"destinations", rule.destinations}};
}

void print(const RuleExplained& rule, bool decided) {
    std::printf("%s %s: %s\n", rule.matches && !decided ? "->" : "  ", rule.name.c_str(),
                decided        ? "not asked, an earlier rule has it"
                : rule.matches ? "takes it"
                               : "does not take it");
    if (decided) return;
    if (rule.conditions.empty()) std::printf("       no conditions: it takes everything\n");
    for (const ConditionExplained& c : rule.conditions) {
        std::printf("       %s %s: \"%s\" %s %s\n", c.holds ? "yes" : "no ", c.condition.c_str(),
                    c.value.c_str(), c.holds ? "matches" : "does not match", c.patterns.c_str());
    }
    if (rule.matches)
        std::printf("       results go to %s\n", rule.destinations.empty()
                                                     ? "nobody (analysed, sent nowhere)"
                                                     : joined(rule.destinations).c_str());
}

}  // namespace

std::vector<RuleExplained> explain_rules(const std::vector<config::Route>& routes,
                                         const RouteSubject& subject) {
    std::vector<RuleExplained> rules;
    for (const config::Route& route : routes)
        rules.push_back(explain(route, subject));
    return rules;
}

int run_explain_route(const config::Config& config, const ExplainRouteOptions& options) {
    const dicom::InstanceHeader header = dicom::read_instance_header(options.file);
    FileMeta meta{
        .calling_ae_title = "ANY-SCU", .called_ae_title = config.dicom.ae_title, .peer = "127.0.0.1"};
    // A file of a node's spool knows who sent it.
    if (const auto stored = read_file_meta(options.file); stored && !stored->meta.peer.empty())
        meta = stored->meta;
    if (!options.calling_ae_title.empty()) meta.calling_ae_title = options.calling_ae_title;
    if (!options.called_ae_title.empty()) meta.called_ae_title = options.called_ae_title;
    if (!options.peer.empty()) meta.peer = options.peer;

    const RouteSubject subject{meta.calling_ae_title, meta.called_ae_title, meta.peer, header};
    const std::vector<RuleExplained> rules = explain_rules(config.routes, subject);
    const auto taken =
        std::find_if(rules.begin(), rules.end(), [](const RuleExplained& r) { return r.matches; });
    const bool analysed = header.sop_class_uid == dicom::kMammographyForPresentation ||
                          header.sop_class_uid == dicom::kMammographyForProcessing;
    if (options.json) {
        nlohmann::json body{{"rule", nullptr}, {"analysable", analysed}, {"rules", nlohmann::json::array()}};
        if (taken != rules.end()) body["rule"] = taken->name;
        for (const RuleExplained& rule : rules)
            body["rules"].push_back(to_json(rule));
        std::printf("%s\n", body.dump(1).c_str());
        return taken == rules.end() ? 1 : 0;
    }
    std::printf("%s, sent by %s to %s from %s: %s\n", options.file.filename().c_str(),
                meta.calling_ae_title.c_str(), meta.called_ae_title.c_str(), meta.peer.c_str(),
                analysed ? "a mammogram, is analysed" : "no mammogram, is sent on as it is");
    bool decided = false;
    for (const RuleExplained& rule : rules) {
        print(rule, decided);
        decided = decided || rule.matches;
    }
    if (!decided) std::printf("No rule takes it: it is analysed, and its results are sent nowhere.\n");
    return decided ? 0 : 1;
}

}  // namespace calcnode::service
