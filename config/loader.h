// Reads the configuration: the embedded default.yaml, over it a file, over it `--set key=value`.
// Maps merge key by key; lists, and the maps `destinations` and `routes` of a file, replace the default's.
#pragma once

#include <filesystem>
#include <map>
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

/// One mistake: where, which key, what to do. text() is `site.yaml:12:3: dicom.port: 70000 is not 1..65535`.
struct Mistake {
    std::string source{};  // file name, "--set", "default.yaml"
    int line = 0;          // 1-based; 0 when there is none (--set)
    int column = 0;        // 1-based, of the key; 0 when there is none
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

/// One key's value as text. Keys: "dicom.port"; a list's members by name, "routes[everything].destinations",
/// and the list itself for their order.
struct Setting {
    std::string text;
    bool secret = false;  // never to be shown
};
using Settings = std::map<std::string, Setting>;

struct Loaded {
    Config config;
    Settings settings;  // every key that default.yaml, the file or a --set gives a value
    std::string text;   // the file as it was read; empty without one
};

/// Throws Error with *all* mistakes: unknown keys (with the nearest known one as a hint), wrong types, values
/// out of range, routes that name unknown destinations, AE titles over 16 characters, bad CIDR blocks.
/// `settings` are "dotted.key=value" (value is YAML; `destinations.pacs.host=10.0.0.1` makes the destination
/// if needed).
///
/// A text may hold `${env:NAME}` and `${file:/path}`: the environment variable, or the file's content without
/// the line's end. `$${` is a plain `${`. Such a value is a secret: no mistake and no change shows it. Within
/// journal.url's other text it is percent-encoded (RFC 3986 2.1).
Config load(const std::optional<std::filesystem::path>& file, const std::vector<std::string>& settings = {});

/// The same, with every value as text beside it.
Loaded load_with_settings(const std::optional<std::filesystem::path>& file,
                          const std::vector<std::string>& settings = {});

}  // namespace calcnode::config
