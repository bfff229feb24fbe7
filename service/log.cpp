#include "service/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

namespace calcnode::service {

namespace {

// Values with spaces, quotes or '=' are quoted; control characters (from the wire) never reach the log as
// such.
void append_value(std::string& line, const std::string& value) {
    const bool plain = !value.empty() && value.find_first_of(" \"=\\") == std::string::npos;
    if (!plain) line += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            line += '?';
        } else {
            if (c == '"' || c == '\\') line += '\\';
            line += c;
        }
    }
    if (!plain) line += '"';
}

void write(spdlog::level::level_enum level, std::string_view event, std::initializer_list<Field> fields) {
    if (!spdlog::should_log(level)) return;
    std::string line{event};
    for (const Field& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_value(line, field.value);
    }
    spdlog::default_logger_raw()->log(level, "{}", line);
}

}  // namespace

void open_log(const config::Log& options, std::string_view process) {
    std::shared_ptr<spdlog::logger> logger;  // shared with spdlog's registry, which owns the default logger
    const std::string name{process};
    if (options.file.empty()) {
        logger = std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    } else {
        logger = std::make_shared<spdlog::logger>(
            name, std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.file.string()));
    }
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %n[%P] %v");
    logger->set_level(spdlog::level::from_str(options.level));
    logger->flush_on(spdlog::level::info);
    spdlog::set_default_logger(std::move(logger));
}

void set_log_level(const std::string& level) {
    spdlog::default_logger_raw()->set_level(spdlog::level::from_str(level));
}

void log_debug(std::string_view event, std::initializer_list<Field> fields) {
    write(spdlog::level::debug, event, fields);
}
void log_info(std::string_view event, std::initializer_list<Field> fields) {
    write(spdlog::level::info, event, fields);
}
void log_warn(std::string_view event, std::initializer_list<Field> fields) {
    write(spdlog::level::warn, event, fields);
}
void log_error(std::string_view event, std::initializer_list<Field> fields) {
    write(spdlog::level::err, event, fields);
}

}  // namespace calcnode::service
