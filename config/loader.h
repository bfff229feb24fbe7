// Reads the configuration: the embedded default.yaml, over it a file, over it `--set key=value`.
// Maps merge key by key; lists, and the maps `destinations` and `routes` of a file, replace the default's.
#pragma once

#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "config/config.h"

namespace calcnode::config {

/// default.yaml as compiled in.
extern const char* const kDefaultYaml;

enum class ErrorCode {
    file_unreadable,  // the configuration file cannot be read
    invalid,          // one or more mistakes in it
};

/// One mistake: where, which key, what to do. text() is `config.yaml:12: dicom.port: 70000 is not 1..65535`.
struct Mistake {
    std::string source{};  // file name, "--set", "default.yaml"
    int line = 0;          // 1-based; 0 when there is none (--set)
    std::string key{};     // dotted path
    std::string message{};
    std::string text() const;
};

class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, std::vector<Mistake> mistakes);
    ErrorCode code() const { return code_; }
    const std::vector<Mistake>& mistakes() const { return mistakes_; }

  private:
    ErrorCode code_;
    std::vector<Mistake> mistakes_;
};

/// Throws Error with *all* mistakes: unknown keys (with the nearest known one as a hint), wrong types, values
/// out of range, routes that name unknown destinations, AE titles over 16 characters, bad CIDR blocks.
/// `settings` are "dotted.key=value" (value is YAML; `destinations.pacs.host=10.0.0.1` makes the destination
/// if needed).
Config load(const std::optional<std::filesystem::path>& file, const std::vector<std::string>& settings = {});

}  // namespace calcnode::config
