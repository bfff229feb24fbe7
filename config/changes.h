// What differs between two configurations, and what of it a running node can take over. Pure functions, any
// thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/loader.h"
#include "config/value.h"

namespace calcnode::config {

/// When a changed key counts.
enum class Effect {
    at_once,  // for the next association, instance, study, delivery
    workers,  // at once, too: the workers give their job back and start again
    restart,  // when `serve` is started again
};

const char* to_string(Effect effect);

struct Change {
    std::string key;
    std::string before;  // "(none)" where there was no such key; "(secret)" instead of a secret
    std::string after;
    Effect effect = Effect::restart;
};

/// When a change of this key counts. A key that is not known here needs a restart.
Effect effect_of(std::string_view key);

/// All keys whose values differ, in the order of their names.
std::vector<Change> changes_between(const Settings& before, const Settings& after);

/// What counts after a reload: `fresh`, but what needs a restart stays as in `running`.
Config taken_over(const Config& running, const Config& fresh);

/// Every key of a tree with its value as text.
Settings settings_of(const Value& tree);

}  // namespace calcnode::config
