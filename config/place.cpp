#include "config/rules.h"
#include "config/schema.h"
#include "config/secrets.h"

namespace calcnode::config {
namespace {

/// Paths in default.yaml that end in `key`: it may stand in the wrong section.
void find_elsewhere(const Value& tree, const std::string& path, std::string_view key,
                    std::vector<std::string>& found) {
    if (tree.kind != Value::Kind::map) return;
    for (const Value& child : tree.children) {
        const std::string child_path = path.empty() ? child.key : path + "." + child.key;
        if (child.key == key) found.push_back(child_path);
        find_elsewhere(child, child_path, key, found);
    }
}

std::string hint(const std::vector<std::string>& candidates) {
    std::string text;
    for (const std::string& candidate : candidates)
        text += (text.empty() ? "" : " or ") + candidate;
    return text.empty() ? "" : "; did you mean " + text + "?";
}

const char* kind_name(Value::Kind kind) {
    switch (kind) {
        case Value::Kind::null:
            return "nothing";
        case Value::Kind::scalar:
            return "a single value";
        case Value::Kind::list:
            return "a list";
        case Value::Kind::map:
            return "a map of keys";
    }
    return "";
}

std::string joined(const std::string& path, std::string_view key) {
    return path.empty() ? std::string(key) : path + "." + std::string(key);
}

}  // namespace

Place Place::child(std::string_view key) const {
    return {defaults, mistakes, joined(path, key)};
}

Place Place::item(std::size_t index) const {
    return {defaults, mistakes, path + "[" + std::to_string(index) + "]"};
}

void Place::refuse(const Value& value, std::string message) const {
    mistakes.push_back({.source = value.source,
                        .line = value.line,
                        .column = value.column,
                        .key = path,
                        .message = without_secret(std::move(message), value)});
}

bool Place::expect(const Value& value, Value::Kind kind, const char* what) const {
    if (value.kind == kind) return true;
    if (value.kind == Value::Kind::null) {
        const bool list = kind == Value::Kind::list;
        refuse(value, list                       ? "has no value; write [] for none"
                      : kind == Value::Kind::map ? "has no value; write {} for none"
                                                 : "has no value; write \"\" for an empty text");
    } else {
        refuse(value, std::string("must be ") + what + ", not " + kind_name(value.kind));
    }
    return false;
}

std::optional<std::string> Place::scalar(const Value& value) const {
    if (!expect(value, Value::Kind::scalar, "a single value")) return std::nullopt;
    return value.text;
}

void Place::refuse_unknown_key(const Value& value, const std::vector<std::string_view>& known) const {
    const std::size_t dot = path.size() - value.key.size();
    const std::string parent = dot == 0 ? "" : path.substr(0, dot - 1);
    std::vector<std::string> candidates;
    if (const std::string_view sibling = nearest_word(value.key, known); !sibling.empty()) {
        candidates.push_back(joined(parent, sibling));
    } else {
        find_elsewhere(defaults, "", value.key, candidates);
    }
    const std::string advice = hint(candidates);
    refuse(value, "unknown key" + (advice.empty() ? "; remove it (default.yaml holds every key)" : advice));
}

}  // namespace calcnode::config
