// A YAML document as plain values that remember where each one stands, so that a mistake can be reported with
// its file and line. Value type; internal to config/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"

namespace calcnode::config {

struct Value {
    enum class Kind { null, scalar, list, map };
    Kind kind = Kind::null;
    std::string key{};   // within a map: its key; else empty
    std::string text{};  // of a scalar
    std::string source{};
    int line = 0;         // 1-based; of the key within a map; 0: none
    int column = 0;       // 1-based; of the key within a map; 0: none
    bool secret = false;  // the text, or a part of it, came from a file or the environment: never shown
    std::vector<Value> children{};

    const Value* find(std::string_view child_key) const;
};

/// One document of YAML. Syntax errors, repeated keys, keys that are no words and documents nested absurdly
/// deep are added to `mistakes`; what could be read is returned. With `first_line` 0 the values carry no
/// lines.
Value parse_yaml(const std::string& text, const std::string& source, std::vector<Mistake>& mistakes,
                 int first_line = 1);

/// Puts `over` onto `base`: maps merge key by key, everything else is replaced, and so is `destinations` at
/// the top.
void overlay(Value& base, const Value& over);

/// Puts one "dotted.key=value" from the command line onto `base`.
void overlay_setting(Value& base, const std::string& setting, std::vector<Mistake>& mistakes);

}  // namespace calcnode::config
