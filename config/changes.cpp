#include "config/changes.h"

#include <algorithm>
#include <array>
#include <set>

namespace calcnode::config {
namespace {

struct Rule {
    std::string_view key;  // this key, and all below it
    Effect effect;
};

// The first that fits decides. default.yaml's head and deploy/operating.md say the same to the operator.
constexpr std::array<Rule, 13> kRules{{
    {"dicom.listen_address", Effect::restart},
    {"dicom.port", Effect::restart},
    {"dicom.plain", Effect::restart},
    {"dicom.tls", Effect::restart},
    {"dicom.commitment", Effect::restart},
    {"dicom", Effect::at_once},
    {"assembly", Effect::at_once},
    {"analysis", Effect::workers},
    {"results", Effect::workers},
    {"destinations", Effect::at_once},
    {"routes", Effect::at_once},
    {"delivery", Effect::at_once},
    {"log.level", Effect::workers},
}};

bool is_below(std::string_view key, std::string_view head) {
    if (!key.starts_with(head)) return false;
    return key.size() == head.size() || key[head.size()] == '.' || key[head.size()] == '[';
}

/// May hold a password, whether it came from elsewhere or not.
bool is_confidential(std::string_view key) {
    return key == "journal.url" || key.ends_with("password") || key.ends_with("token") ||
           key.ends_with("passphrase");
}

/// The name of a list's member: what it calls itself.
const Value* name_of(const Value& item) {
    const Value* name = item.find("name");
    return name != nullptr ? name : item.find("ae_title");
}

bool holds_maps(const Value& list) {
    return std::any_of(list.children.begin(), list.children.end(),
                       [](const Value& item) { return item.kind == Value::Kind::map; });
}

std::string inline_text(const Value& list) {
    std::string text = "[";
    for (const Value& item : list.children) {
        const Value* shown = item.kind == Value::Kind::map ? name_of(item) : &item;
        text.append(text.size() == 1 ? "" : ", ").append(shown == nullptr ? "?" : shown->text);
    }
    return text + "]";
}

bool any_secret(const Value& value) {
    return value.secret || std::any_of(value.children.begin(), value.children.end(), any_secret);
}

void collect(const Value& value, const std::string& path, Settings& settings) {
    if (value.kind == Value::Kind::map) {
        for (const Value& child : value.children)
            collect(child, path.empty() ? child.key : path + "." + child.key, settings);
        return;
    }
    if (value.kind != Value::Kind::list) {
        settings[path] = {value.text, value.secret || is_confidential(path)};
        return;
    }
    settings[path] = {inline_text(value), !holds_maps(value) && any_secret(value)};
    for (const Value& item : value.children) {
        if (item.kind != Value::Kind::map) continue;
        const Value* name = name_of(item);
        if (name != nullptr) collect(item, path + "[" + name->text + "]", settings);
    }
}

std::string shown(const Settings& settings, const std::string& key) {
    const auto found = settings.find(key);
    if (found == settings.end()) return "(none)";
    return found->second.secret ? "(secret)" : found->second.text;
}

bool same(const Settings& a, const Settings& b, const std::string& key) {
    const auto in_a = a.find(key);
    const auto in_b = b.find(key);
    if (in_a == a.end() || in_b == b.end()) return in_a == a.end() && in_b == b.end();
    return in_a->second.text == in_b->second.text;
}

}  // namespace

const char* to_string(Effect effect) {
    switch (effect) {
        case Effect::at_once:
            return "at_once";
        case Effect::workers:
            return "workers";
        case Effect::restart:
            return "restart";
    }
    return "restart";
}

Effect effect_of(std::string_view key) {
    // Who asks and who answers is settled when the threads for it are started.
    if (key.find(".commitment.") != std::string_view::npos) return Effect::restart;
    for (const Rule& rule : kRules)
        if (is_below(key, rule.key)) return rule.effect;
    return Effect::restart;
}

Config taken_over(const Config& running, const Config& fresh) {
    Config config = running;
    config.dicom = fresh.dicom;
    config.dicom.listen_address = running.dicom.listen_address;
    config.dicom.port = running.dicom.port;
    config.dicom.plain = running.dicom.plain;
    config.dicom.tls = running.dicom.tls;
    config.dicom.commitment = running.dicom.commitment;
    config.assembly = fresh.assembly;
    config.analysis = fresh.analysis;
    config.results = fresh.results;
    config.delivery = fresh.delivery;
    config.destinations = fresh.destinations;
    for (auto& [name, destination] : config.destinations) {
        const auto known = running.destinations.find(name);
        if (known != running.destinations.end()) destination.commitment = known->second.commitment;
    }
    config.routes = fresh.routes;
    config.log.level = fresh.log.level;
    return config;
}

Settings settings_of(const Value& tree) {
    Settings settings;
    collect(tree, "", settings);
    return settings;
}

std::vector<Change> changes_between(const Settings& before, const Settings& after) {
    std::set<std::string> keys;
    for (const auto& [key, setting] : before)
        keys.insert(key);
    for (const auto& [key, setting] : after)
        keys.insert(key);
    std::vector<Change> changes;
    for (const std::string& key : keys) {
        if (same(before, after, key)) continue;
        changes.push_back({key, shown(before, key), shown(after, key), effect_of(key)});
    }
    return changes;
}

}  // namespace calcnode::config
