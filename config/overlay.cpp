#include <algorithm>

#include "config/value.h"

namespace calcnode::config {
namespace {

using Kind = Value::Kind;

Value* find_child(Value& map, const std::string& key) {
    return const_cast<Value*>(map.find(key));
}

/// A section whose keys are all commented out ("dicom:" and nothing) changes nothing.
bool changes_nothing(const Value& base, const Value& over) {
    return over.kind == Kind::null && base.kind == Kind::map && over.key != "destinations";
}

void overlay_map(Value& base, const Value& over, bool replace_destinations) {
    for (const Value& child : over.children) {
        Value* known = find_child(base, child.key);
        if (known == nullptr) {
            base.children.push_back(child);
        } else if (changes_nothing(*known, child)) {
            continue;
        } else if (known->kind == Kind::map && child.kind == Kind::map &&
                   !(replace_destinations && child.key == "destinations")) {
            overlay_map(*known, child, false);
        } else {
            *known = child;
        }
    }
}

/// {"a","b"}, value -> the maps {a: {b: value}}; false when a part is empty.
bool split_key(const std::string& key, std::vector<std::string>& parts) {
    std::size_t begin = 0;
    while (true) {
        const std::size_t dot = key.find('.', begin);
        parts.push_back(key.substr(begin, dot - begin));
        if (parts.back().empty()) return false;
        if (dot == std::string::npos) return true;
        begin = dot + 1;
    }
}

}  // namespace

void overlay(Value& base, const Value& over) {
    if (over.kind == Kind::map) overlay_map(base, over, true);
}

void overlay_setting(Value& base, const std::string& setting, std::vector<Mistake>& mistakes) {
    constexpr const char* kSource = "--set";
    const auto refuse = [&](const std::string& key, const std::string& message) {
        mistakes.push_back({.source = kSource, .line = 0, .key = key, .message = message});
    };
    const std::size_t equals = setting.find('=');
    if (equals == std::string::npos) return refuse("", "\"" + setting + "\" is not of the form key=value");

    const std::string key = setting.substr(0, equals);
    std::vector<std::string> parts;
    if (!split_key(key, parts)) return refuse("", "\"" + key + "\" is not a dotted key such as dicom.port");

    std::vector<Mistake> own;
    Value value = parse_yaml(setting.substr(equals + 1), kSource, own, 0);
    for (const Mistake& mistake : own)
        refuse(mistake.key.empty() ? key : key + "." + mistake.key,
               mistake.message + "; quotes may be missing");
    if (!own.empty()) return;
    if (value.kind == Kind::null && equals + 1 == setting.size())
        value.kind = Kind::scalar;  // key= : an empty text

    const bool whole_section = parts.size() == 1;
    while (!parts.empty()) {
        value.key = parts.back();
        parts.pop_back();
        Value map{.kind = Kind::map, .source = kSource};
        map.children.push_back(std::move(value));
        value = std::move(map);
    }
    overlay_map(base, value, whole_section);
}

}  // namespace calcnode::config
