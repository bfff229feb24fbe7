// Secrets by file or environment: `${env:NAME}` and `${file:/path}` within a text of the configuration.
// Internal to config/; reads the environment and files, any thread.
#pragma once

#include <string>

#include "config/value.h"

namespace calcnode::config {

/// Replaces what the scalar's text names, and marks it as a secret. Returns what is wrong, or an empty
/// string.
std::string resolve_secrets(Value& value);

/// The message without the value's text, when that is a secret.
std::string without_secret(std::string message, const Value& value);

}  // namespace calcnode::config
