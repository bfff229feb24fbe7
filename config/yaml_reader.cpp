#include <algorithm>

#include <yaml-cpp/yaml.h>

#include "config/secrets.h"
#include "config/value.h"

namespace calcnode::config {
namespace {

// Far above what a configuration needs; they stop documents that refer to themselves (`&a [*a]`) and alias
// bombs.
constexpr int kMaxDepth = 12;
constexpr int kMaxValues = 20000;

struct Spot {
    int line = 0;
    int column = 0;
};

struct Reading {
    std::string source;
    int first_line;
    std::vector<Mistake>& mistakes;
    int values = 0;

    Spot spot_of(const YAML::Mark& mark) const {
        if (first_line == 0 || mark.is_null()) return {};
        return {mark.line + first_line, mark.column + 1};
    }
    void mistake(Spot spot, const std::string& key, const std::string& message) const {
        mistakes.push_back(
            {.source = source, .line = spot.line, .column = spot.column, .key = key, .message = message});
    }
};

std::string child_path(const std::string& path, const std::string& key) {
    return path.empty() ? key : path + "." + key;
}

Value convert(const YAML::Node& node, const std::string& path, int depth, Reading& reading);

void convert_map(const YAML::Node& node, const std::string& path, int depth, Value& value, Reading& reading) {
    for (const auto& entry : node) {
        const Spot spot = reading.spot_of(entry.first.Mark());
        if (!entry.first.IsScalar()) {
            reading.mistake(spot, path, "a key must be a word");
            continue;
        }
        const std::string key = entry.first.Scalar();
        const std::string key_path = child_path(path, key);
        if (const Value* earlier = value.find(key)) {
            const std::string where =
                earlier->line > 0 ? " (first on line " + std::to_string(earlier->line) + ")" : "";
            reading.mistake(spot, key_path, "this key stands twice" + where + "; remove one of the two");
            continue;
        }
        Value child = convert(entry.second, key_path, depth + 1, reading);
        child.key = key;
        child.line = spot.line;
        child.column = spot.column;
        value.children.push_back(std::move(child));
    }
}

Value convert(const YAML::Node& node, const std::string& path, int depth, Reading& reading) {
    const Spot spot = reading.spot_of(node.Mark());
    Value value{.source = reading.source, .line = spot.line, .column = spot.column};
    if (depth > kMaxDepth || ++reading.values > kMaxValues) {
        if (reading.values <= kMaxValues + 1) reading.mistake(spot, path, "nested too deep, or far too long");
        reading.values = std::max(reading.values, kMaxValues + 1);
        return value;
    }
    if (node.IsScalar()) {
        value.kind = Value::Kind::scalar;
        value.text = node.Scalar();
        if (const std::string trouble = resolve_secrets(value); !trouble.empty())
            reading.mistake(spot, path, trouble);
    } else if (node.IsMap()) {
        value.kind = Value::Kind::map;
        convert_map(node, path, depth, value, reading);
    } else if (node.IsSequence()) {
        value.kind = Value::Kind::list;
        for (std::size_t i = 0; i < node.size(); ++i)
            value.children.push_back(
                convert(node[i], path + "[" + std::to_string(i) + "]", depth + 1, reading));
    }
    return value;
}

/// What to do about yaml-cpp's message.
std::string yaml_advice(const std::string& message) {
    if (message.find("end of sequence flow") != std::string::npos) return "; a ] is missing above";
    if (message.find("end of map flow") != std::string::npos) return "; a } is missing above";
    if (message.find("illegal map value") != std::string::npos) return "; quote texts that hold a colon";
    if (message.find("end of map not found") != std::string::npos)
        return "; compare the indentation with the line above";
    if (message.find("tab") != std::string::npos) return "; indent with spaces";
    return "; compare the indentation and the quotes with default.yaml";
}

}  // namespace

const Value* Value::find(std::string_view child_key) const {
    const auto it = std::find_if(children.begin(), children.end(),
                                 [&](const Value& child) { return child.key == child_key; });
    return it == children.end() ? nullptr : &*it;
}

Value parse_yaml(const std::string& text, const std::string& source, std::vector<Mistake>& mistakes,
                 int first_line) {
    Reading reading{.source = source, .first_line = first_line, .mistakes = mistakes};
    try {
        const std::vector<YAML::Node> documents = YAML::LoadAll(text);
        if (documents.size() > 1) {
            reading.mistake(reading.spot_of(documents[1].Mark()), "",
                            "only one YAML document is allowed (no `---`)");
        }
        return documents.empty() ? Value{.source = source} : convert(documents.front(), "", 0, reading);
    } catch (const YAML::Exception& error) {
        reading.mistake(reading.spot_of(error.mark), "",
                        "not valid YAML: " + error.msg + yaml_advice(error.msg));
        return {.source = source};
    }
}

}  // namespace calcnode::config
