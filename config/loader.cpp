#include "config/loader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>

#include "config/changes.h"
#include "config/schema.h"
#include "config/secrets.h"
#include "config/tls_rules.h"
#include "config/value.h"

namespace calcnode::config {
namespace {

constexpr std::uintmax_t kLargestFile = 1 << 20;

std::string all_texts(const std::vector<Mistake>& mistakes) {
    std::string text;
    for (const Mistake& mistake : mistakes)
        text.append(mistake.text()).append("\n");
    if (!text.empty()) text.pop_back();
    return text;
}

[[noreturn]] void throw_unreadable(const std::filesystem::path& file, const std::string& why) {
    throw Error(ErrorCode::file_unreadable,
                {Mistake{.source = file.string(), .message = "cannot be read: " + why}});
}

std::string read_file(const std::filesystem::path& file) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) throw_unreadable(file, "it is a folder");
    errno = 0;
    std::ifstream in(file, std::ios::binary);
    if (!in) throw_unreadable(file, std::strerror(errno));
    std::string text;
    char block[4096];
    while (in.read(block, sizeof block) || in.gcount() > 0) {
        text.append(block, static_cast<std::size_t>(in.gcount()));
        if (text.size() > kLargestFile) throw_unreadable(file, "it is larger than 1 MiB");
    }
    if (in.bad()) throw_unreadable(file, "reading failed");
    return text;
}

std::string known_destinations(const Config& config) {
    std::string names;
    for (const auto& [name, destination] : config.destinations)
        names.append(names.empty() ? " (there is " : ", ").append(name);
    return names.empty() ? " (there is none)" : names + ")";
}

using Refuse = std::function<void(const Value&, const std::string& key, const std::string& message)>;

void check_commitment(const Config& config, const Value& tree, const Refuse& refuse) {
    const Value& senders = *tree.find("dicom")->find("commitment")->find("senders");
    std::set<std::string> titles;
    for (std::size_t i = 0; i < config.dicom.commitment.senders.size(); ++i) {
        const std::string& title = config.dicom.commitment.senders[i].ae_title;
        if (!titles.insert(title).second)
            refuse(*senders.children[i].find("ae_title"),
                   "dicom.commitment.senders[" + std::to_string(i) + "].ae_title",
                   "another sender is named \"" + title + "\"");
    }
    for (const auto& [name, destination] : config.destinations) {
        if (destination.commitment.wait <= destination.commitment.timeout) continue;
        const Value& commitment = *tree.find("destinations")->find(name)->find("commitment");
        const char* key = commitment.find("wait") != nullptr ? "wait" : "timeout";
        refuse(*commitment.find(key), "destinations." + name + ".commitment." + key,
               "wait is longer than timeout; wait is a part of it");
    }
}

/// What concerns more than one key. Only asked when each key is well formed by itself.
void check_together(const Config& config, const Value& tree, std::vector<Mistake>& mistakes) {
    const auto refuse = [&](const Value& value, const std::string& key, const std::string& message) {
        mistakes.push_back({.source = value.source,
                            .line = value.line,
                            .column = value.column,
                            .key = key,
                            .message = without_secret(message, value)});
    };
    const Value& routes = *tree.find("routes");
    std::set<std::string> names;
    for (std::size_t i = 0; i < config.routes.size(); ++i) {
        const Route& route = config.routes[i];
        const Value& value = routes.children[i];
        const std::string path = "routes[" + std::to_string(i) + "]";
        if (!names.insert(route.name).second)
            refuse(*value.find("name"), path + ".name", "another rule is named \"" + route.name + "\"");
        for (std::size_t j = 0; j < route.destinations.size(); ++j) {
            const std::string& name = route.destinations[j];
            if (config.destinations.contains(name)) continue;
            refuse(value.find("destinations")->children[j], path + ".destinations[" + std::to_string(j) + "]",
                   "no destination is named \"" + name + "\"" + known_destinations(config));
        }
    }
    check_commitment(config, tree, refuse);
    check_tls(config, tree, refuse);
    if (config.delivery.first_retry > config.delivery.longest_retry)
        refuse(*tree.find("delivery")->find("first_retry"), "delivery.first_retry",
               "is longer than longest_retry (" + to_text(config.delivery.longest_retry) + ")");
    if (config.assembly.required_views.empty())
        refuse(*tree.find("assembly")->find("required_views"), "assembly.required_views",
               "name at least one view");
    if (config.http.port != 0 && config.http.port == config.dicom.port)
        refuse(*tree.find("http")->find("port"), "http.port", "is the same as dicom.port; give each its own");
    if (config.http.tls_certificate.empty() != config.http.tls_key.empty())
        refuse(*tree.find("http")->find("tls_key"), "http.tls_key",
               "http.tls_certificate and http.tls_key are set together, or neither");
}

}  // namespace

std::string Mistake::text() const {
    std::string text = source + ":";
    if (line > 0) text.append(std::to_string(line)).append(":");
    if (column > 0) text.append(std::to_string(column)).append(":");
    if (!key.empty()) text.append(" ").append(key).append(":");
    return text.append(" ").append(message);
}

Error::Error(ErrorCode code, std::vector<Mistake> mistakes)
    : std::runtime_error(all_texts(mistakes)), code_(code), mistakes_(std::move(mistakes)) {}

Config load(const std::optional<std::filesystem::path>& file, const std::vector<std::string>& settings) {
    return load_with_settings(file, settings).config;
}

Loaded load_with_settings(const std::optional<std::filesystem::path>& file,
                          const std::vector<std::string>& settings) {
    std::vector<Mistake> mistakes;
    const Value defaults = parse_yaml(kDefaultYaml, "default.yaml", mistakes);
    Value tree = defaults;
    std::string text;
    if (file) {
        text = read_file(*file);
        const Value own = parse_yaml(text, file->string(), mistakes);
        if (own.kind == Value::Kind::scalar || own.kind == Value::Kind::list) {
            mistakes.push_back({.source = file->string(),
                                .line = own.line,
                                .column = own.column,
                                .message = "must be a map of keys"});
        }
        overlay(tree, own);
    }
    for (const std::string& setting : settings)
        overlay_setting(tree, setting, mistakes);

    Config config;
    read_map(schema(), config, tree, {defaults, mistakes, ""});
    if (mistakes.empty()) check_together(config, tree, mistakes);
    if (!mistakes.empty()) throw Error(ErrorCode::invalid, std::move(mistakes));
    return {std::move(config), settings_of(tree), std::move(text)};
}

std::string journal_url(const Config& config) {
    if (!config.journal.url.empty()) return config.journal.url;
    return "sqlite://" +
           (std::filesystem::absolute(config.data_dir) / "journal.db").lexically_normal().string();
}

std::filesystem::path token_file(const Config& config) {
    return config.http.token_file.empty() ? config.data_dir / "http-tokens" : config.http.token_file;
}

}  // namespace calcnode::config
