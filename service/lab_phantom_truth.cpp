#include "service/lab_phantom_truth.h"

#include <fstream>

#include <nlohmann/json.hpp>

#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"
#include "pipeline/findings_json.h"

namespace calcnode::service {

namespace {

using nlohmann::ordered_json;

const char* name_of(pipeline::Morphology morphology) {
    constexpr const char* kNames[] = {"round", "amorphous", "coarse_heterogeneous", "fine_pleomorphic",
                                      "fine_linear"};
    return kNames[static_cast<int>(morphology)];
}

}  // namespace

std::string phantom_truth_json(const pipeline::Phantom& phantom, const std::string& intent) {
    ordered_json clusters = ordered_json::array();
    for (const pipeline::PhantomCluster& cluster : phantom.clusters) {
        clusters.push_back({{"number", cluster.grains.size()},
                            {"distribution", pipeline::to_string(cluster.distribution)},
                            {"morphology", name_of(cluster.morphology)},
                            {"centroid", {cluster.centroid.x, cluster.centroid.y}},
                            {"hull_area_mm2", cluster.hull_area_mm2},
                            {"contrast", cluster.contrast},
                            {"grains", cluster.grains}});
    }
    const bool training = phantom.family == pipeline::PhantomFamily::training;
    const ordered_json truth{{"family", training ? "training" : "held-out"},
                             {"density", std::string(1, phantom.density)},
                             {"device", phantom.mammogram.device.model},
                             {"medium", phantom.film ? "film" : "digital"},
                             {"intent", intent},
                             {"condition", pipeline::condition_text(phantom.condition)},
                             {"spacing_mm", phantom.mammogram.column_spacing_mm},
                             {"clusters", std::move(clusters)}};
    return truth.dump(2) + '\n';
}

void write_phantom_truth(const pipeline::Phantom& phantom, const std::string& intent,
                         const std::filesystem::path& stem) {
    pipeline::write_grey_png(phantom.truth, stem.string() + ".truth.png");
    pipeline::Image<std::uint16_t> kinds(phantom.distractors.rows, phantom.distractors.columns);
    kinds.pixels.assign(phantom.distractors.pixels.begin(), phantom.distractors.pixels.end());
    pipeline::write_grey_png(kinds, stem.string() + ".distractors.png");
    const std::filesystem::path file = stem.string() + ".truth.json";
    std::ofstream stream(file, std::ios::trunc);
    stream << phantom_truth_json(phantom, intent);
    stream.close();
    if (!stream) {
        throw pipeline::Error(pipeline::ErrorCode::write_failed, file.string() + ": cannot be written");
    }
}

}  // namespace calcnode::service
