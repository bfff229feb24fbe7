// Structured logging: one line an event, `time level event key=value ...`. Keys carry job ids, UIDs, AE
// titles: never a name, a birth date, a patient id (conventions 16). Thread-safe.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "config/config.h"

namespace calcnode::service {

/// Call once at start. `process` ("serve", "worker") stands in each line with the pid.
void open_log(const config::Log& options, std::string_view process);

/// Another log.level from now on.
void set_log_level(const std::string& level);

struct Field {
    std::string_view key;
    std::string value;
    Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, long long v) : key(k), value(std::to_string(v)) {}
    Field(std::string_view k, unsigned long long v) : key(k), value(std::to_string(v)) {}
    Field(std::string_view k, long v) : key(k), value(std::to_string(v)) {}
    Field(std::string_view k, unsigned long v) : key(k), value(std::to_string(v)) {}
    Field(std::string_view k, int v) : key(k), value(std::to_string(v)) {}
};

void log_debug(std::string_view event, std::initializer_list<Field> fields = {});
void log_info(std::string_view event, std::initializer_list<Field> fields = {});
void log_warn(std::string_view event, std::initializer_list<Field> fields = {});
void log_error(std::string_view event, std::initializer_list<Field> fields = {});

}  // namespace calcnode::service
