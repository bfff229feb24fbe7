#include "service/lab_truth_details.h"

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"
#include "pipeline/phantom.h"

namespace calcnode::service {

namespace fs = std::filesystem;

TruthDetails read_truth_details(const CaseRow& row, const fs::path& folder) {
    constexpr std::string_view kStart = "mask:", kEnd = ".truth.png";
    TruthDetails details;
    if (!row.truth.starts_with(kStart) || !row.truth.ends_with(kEnd)) return details;
    const std::string stem = row.truth.substr(kStart.size(), row.truth.size() - kStart.size() - kEnd.size());
    const fs::path description = folder / (stem + ".truth.json");
    if (!fs::is_regular_file(description)) return details;
    details.known = true;
    try {
        const nlohmann::json json = nlohmann::json::parse(std::ifstream(description));
        for (const nlohmann::json& cluster : json.at("clusters")) {
            details.clusters.push_back({.grains = cluster.at("grains").get<std::set<int>>(),
                                        .number = cluster.at("number").get<int>(),
                                        .hull_area_mm2 = cluster.at("hull_area_mm2").get<double>(),
                                        .distribution = cluster.at("distribution").get<std::string>(),
                                        .morphology = cluster.at("morphology").get<std::string>()});
        }
    } catch (const nlohmann::json::exception& error) {
        throw pipeline::Error(
            pipeline::ErrorCode::bad_argument,
            description.string() + ": not what calcnode-lab phantom writes: " + error.what());
    }
    const fs::path distractors = folder / (stem + ".distractors.png");
    if (fs::is_regular_file(distractors)) details.kinds = pipeline::read_grey_png(distractors).pixels;
    return details;
}

const char* distractor_name(int kind) {
    constexpr const char* kNames[] = {"nothing known",
                                      "benign calcification",
                                      "vessel wall",
                                      "dust on the film",
                                      "lymph node",
                                      "skin calcification",
                                      "coarse benign calcification",
                                      "surgical clip",
                                      "skin marker",
                                      "scratch",
                                      "dead pixels"};
    static_assert(std::size(kNames) == pipeline::kDistractorKinds + 1);
    return kind >= 0 && kind <= pipeline::kDistractorKinds ? kNames[kind] : "unknown kind";
}

}  // namespace calcnode::service
