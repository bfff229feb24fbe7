#include "pipeline/model_folder.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include <nlohmann/json.hpp>
#include <openssl/evp.h>

#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

constexpr int kFormat = 1;
constexpr const char* kManifestFile = "manifest.json";

using Json = nlohmann::ordered_json;

std::string read_file(const std::filesystem::path& file) {
    std::ifstream input(file, std::ios::binary);
    if (!input) throw Error(ErrorCode::model_not_found, "no model file " + file.string());
    return {std::istreambuf_iterator<char>(input), {}};
}

std::string sha256(const std::string& bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
    constexpr const char* kHex = "0123456789abcdef";
    std::string text;
    for (unsigned int k = 0; k < size; ++k) {
        text += kHex[digest[k] >> 4U];
        text += kHex[digest[k] & 15U];
    }
    return text;
}

Json network_json(const NetworkEntry& entry) {
    return {{"file", entry.file},
            {"sha256", entry.sha256},
            {"receptive_field_px", entry.receptive_field_px},
            {"stride", entry.stride},
            {"alignment_px", entry.alignment_px},
            {"threshold", entry.threshold}};
}

NetworkEntry network_entry(const Json& json) {
    NetworkEntry entry;
    entry.file = json.at("file").get<std::string>();
    entry.sha256 = json.at("sha256").get<std::string>();
    entry.receptive_field_px = json.at("receptive_field_px").get<int>();
    entry.stride = json.at("stride").get<int>();
    entry.threshold = json.at("threshold").get<double>();
    entry.alignment_px = json.value("alignment_px", entry.alignment_px);
    // A file name only: a manifest must not lead out of its folder.
    if (entry.file.empty() || std::filesystem::path(entry.file).filename() != entry.file ||
        entry.stride < 1 || entry.stride > 32 || entry.receptive_field_px < 1 ||
        entry.receptive_field_px > 1024 || entry.alignment_px < entry.stride || entry.alignment_px > 64 ||
        entry.alignment_px % entry.stride != 0) {
        throw Error(ErrorCode::model_damaged, "manifest: network entry out of range");
    }
    return entry;
}

struct DomainField {
    const char* key;
    Range Domain::*member;
};
constexpr std::array<DomainField, 8> kDomain{{{"spacing_mm", &Domain::spacing_mm},
                                              {"breast_area_cm2", &Domain::breast_area_cm2},
                                              {"grey_levels", &Domain::grey_levels},
                                              {"noise", &Domain::noise},
                                              {"flat", &Domain::flat},
                                              {"edges", &Domain::edges},
                                              {"solidity", &Domain::solidity},
                                              {"extent", &Domain::extent}}};

Json domain_json(const Domain& domain) {
    Json json = Json::object();
    for (const DomainField& field : kDomain)
        json[field.key] = {(domain.*field.member).least, (domain.*field.member).most};
    return json;
}

/// What the manifest does not name keeps its default; a name that nobody knows would be a limit that nobody
/// keeps.
Domain domain_of(const Json& json) {
    Domain domain;
    for (const auto& [key, value] : json.items()) {
        const auto* field =
            std::find_if(kDomain.begin(), kDomain.end(),
                         [&name = key](const DomainField& known) { return name == known.key; });
        const auto limits = value.get<std::vector<double>>();
        if (field == kDomain.end() || limits.size() != 2 || !(limits[0] <= limits[1]))
            throw Error(ErrorCode::model_damaged,
                        "manifest: domain." + key + " is not [least, most] of a known measure");
        domain.*(field->member) = {limits[0], limits[1]};
    }
    return domain;
}

Json manifest_json(const Manifest& m) {
    return {
        {"format", kFormat},
        {"name", m.name},
        {"version", m.version},
        {"spacing_mm", m.spacing_mm},
        {"detector", network_json(m.detector)},
        {"segmentator", network_json(m.segmentator)},
        {"clustering",
         {{"link_radius_mm", m.clustering.link_radius_mm},
          {"min_members", m.clustering.min_members},
          {"score_members", m.clustering.score_members},
          {"join_radius_mm", m.clustering.join_radius_mm},
          {"join_score", m.clustering.join_score},
          {"threshold", m.cluster_threshold}}},
        {"lone_calcification_threshold", m.lone_calcification_threshold},
        {"largest_calcification_mm2", m.largest_calcification_mm2},
        {"domain", domain_json(m.domain)},
        {"training", {{"seed", m.seed}, {"exams", m.exams}, {"steps", m.steps}, {"data", m.training_data}}}};
}

Manifest manifest_of(const Json& json) {
    if (json.at("format").get<int>() != kFormat)
        throw Error(ErrorCode::model_damaged, "manifest: unknown format");
    Manifest m;
    m.name = json.at("name").get<std::string>();
    m.version = json.at("version").get<std::string>();
    m.spacing_mm = json.at("spacing_mm").get<double>();
    m.detector = network_entry(json.at("detector"));
    m.segmentator = network_entry(json.at("segmentator"));
    const Json& clustering = json.at("clustering");
    m.clustering.link_radius_mm = clustering.at("link_radius_mm").get<double>();
    m.clustering.min_members = clustering.at("min_members").get<int>();
    m.clustering.score_members = clustering.at("score_members").get<int>();
    m.clustering.join_radius_mm = clustering.value("join_radius_mm", 0.0);  // models up to 0.2.0 join nothing
    m.clustering.join_score = clustering.value("join_score", m.clustering.join_score);
    m.cluster_threshold = clustering.at("threshold").get<double>();
    m.lone_calcification_threshold = json.at("lone_calcification_threshold").get<double>();
    m.largest_calcification_mm2 = json.at("largest_calcification_mm2").get<double>();
    if (json.contains("domain")) m.domain = domain_of(json.at("domain"));
    const Json& training = json.at("training");
    m.seed = training.at("seed").get<std::uint64_t>();
    m.exams = training.at("exams").get<int>();
    m.steps = training.at("steps").get<int>();
    m.training_data = training.at("data").get<std::vector<std::string>>();
    if (!(m.spacing_mm >= 0.02 && m.spacing_mm <= 0.3) || m.clustering.score_members < 1 ||
        m.segmentator.stride != 1) {
        throw Error(ErrorCode::model_damaged, "manifest: value out of range");
    }
    return m;
}

void check_digest(const std::filesystem::path& folder, const NetworkEntry& entry) {
    if (sha256_of_file(folder / entry.file) != entry.sha256) {
        throw Error(ErrorCode::model_damaged,
                    (folder / entry.file).string() + " is not the file of the manifest");
    }
}

}  // namespace

std::string sha256_of_file(const std::filesystem::path& file) {
    return sha256(read_file(file));
}

ModelFolder read_manifest(const std::filesystem::path& folder) {
    const std::string text = read_file(folder / kManifestFile);
    ModelFolder result;
    try {
        result.manifest = manifest_of(Json::parse(text));
    } catch (const Json::exception& error) {
        throw Error(ErrorCode::model_damaged, (folder / kManifestFile).string() + ": " + error.what());
    }
    result.identity = {result.manifest.name, result.manifest.version, sha256(text)};
    return result;
}

ModelFolder read_model_folder(const std::filesystem::path& folder) {
    ModelFolder result = read_manifest(folder);
    check_digest(folder, result.manifest.detector);
    check_digest(folder, result.manifest.segmentator);
    return result;
}

void write_manifest(const std::filesystem::path& folder, Manifest manifest) {
    manifest.detector.sha256 = sha256_of_file(folder / manifest.detector.file);
    manifest.segmentator.sha256 = sha256_of_file(folder / manifest.segmentator.file);
    std::ofstream output(folder / kManifestFile, std::ios::binary | std::ios::trunc);
    output << manifest_json(manifest).dump(2) << '\n';
    if (!output.flush())
        throw Error(ErrorCode::write_failed, "cannot write " + (folder / kManifestFile).string());
}

}  // namespace calcnode::pipeline
