// How a tree of values becomes a Config: a table a section, a line a key. Internal to config/;
// single-threaded.
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/convert.h"
#include "config/value.h"

namespace calcnode::config {

/// Where we are in the tree, and where mistakes go.
struct Place {
    const Value& defaults;  // default.yaml: knows every key, for hints
    std::vector<Mistake>& mistakes;
    std::string path;

    Place child(std::string_view key) const;
    Place item(std::size_t index) const;
    void refuse(const Value& value, std::string message) const;
    /// The text of a scalar; else a mistake.
    std::optional<std::string> scalar(const Value& value) const;
    bool expect(const Value& value, Value::Kind kind, const char* what) const;
    void refuse_unknown_key(const Value& value, const std::vector<std::string_view>& known) const;
};

template <class Section>
struct Field {
    std::string_view key;
    std::function<void(Section&, const Value&, const Place&)> read;
    bool required = true;  // default.yaml holds every key of the sections; a destination has to be whole
};

template <class Section>
using Table = std::vector<Field<Section>>;

/// Reads a map by its table: unknown and missing keys are mistakes.
template <class Section>
void read_map(const Table<Section>& table, Section& section, const Value& value, const Place& place) {
    if (!place.expect(value, Value::Kind::map, "a map of keys")) return;
    std::vector<std::string_view> known;
    for (const Field<Section>& field : table) {
        known.push_back(field.key);
        if (const Value* child = value.find(field.key)) {
            field.read(section, *child, place.child(field.key));
        } else if (field.required) {
            place.child(field.key).refuse(value, "is missing");
        }
    }
    for (const Value& child : value.children) {
        const bool is_known = std::find(known.begin(), known.end(), child.key) != known.end();
        if (!is_known) place.child(child.key).refuse_unknown_key(child, known);
    }
}

/// A member made from one scalar by `parse`: text -> Parsed<member>.
template <class Section, class Member, class Parse>
Field<Section> one(std::string_view key, Member Section::*member, Parse parse) {
    return {.key = key, .read = [=](Section& section, const Value& value, const Place& place) {
                const auto text = place.scalar(value);
                if (!text) return;
                auto parsed = parse(*text);
                if (!parsed.value) return place.refuse(value, parsed.mistake);
                section.*member = Member(*parsed.value);
            }};
}

/// A list of texts, each by `parse`; repeats are mistakes.
template <class Section, class Parse>
Field<Section> many(std::string_view key, std::vector<std::string> Section::*member, Parse parse) {
    return {.key = key, .read = [=](Section& section, const Value& value, const Place& place) {
                if (!place.expect(value, Value::Kind::list, "a list")) return;
                std::vector<std::string> texts;
                for (std::size_t i = 0; i < value.children.size(); ++i) {
                    const auto text = place.item(i).scalar(value.children[i]);
                    if (!text) continue;
                    auto parsed = parse(*text);
                    if (!parsed.value) {
                        place.item(i).refuse(value.children[i], parsed.mistake);
                    } else if (std::find(texts.begin(), texts.end(), *parsed.value) != texts.end()) {
                        place.item(i).refuse(value.children[i], "\"" + *text + "\" stands twice");
                    } else {
                        texts.push_back(std::move(*parsed.value));
                    }
                }
                section.*member = std::move(texts);
            }};
}

template <class Section, class Member>
Field<Section> section(std::string_view key, Member Section::*member, const Table<Member>& table) {
    return {.key = key, .read = [=](Section& outer, const Value& value, const Place& place) {
                read_map(table, outer.*member, value, place);
            }};
}

/// The whole configuration.
const Table<Config>& schema();

}  // namespace calcnode::config
