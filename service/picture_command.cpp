#include "service/picture_command.h"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <list>
#include <string>

#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "dicom/error.h"
#include "dicom/mammogram_reader.h"
#include "dicom/report_reader.h"
#include "pipeline/error.h"
#include "pipeline/picture.h"

namespace calcnode::service {

namespace {

using nlohmann::json;

constexpr std::size_t kKeptImages = 4;
constexpr rlim_t kMemory =
    4ull << 30;  // address space; an image of 64 million pixels takes some 700 MB to decode
constexpr rlim_t kProcessorSeconds = 600;

struct Decoded {
    std::string path;
    pipeline::Mammogram mammogram;
    pipeline::PictureWindow window;
};

/// The images that were looked at last.
class Images {
  public:
    const Decoded& get(const std::string& path) {
        const auto known =
            std::find_if(kept_.begin(), kept_.end(), [&](const Decoded& one) { return one.path == path; });
        if (known != kept_.end()) {
            kept_.splice(kept_.begin(), kept_, known);
            return kept_.front();
        }
        Decoded decoded{path, dicom::read_mammogram(path), {}};
        decoded.window = pipeline::picture_window(decoded.mammogram.pixels);
        kept_.push_front(std::move(decoded));
        if (kept_.size() > kKeptImages) kept_.pop_back();
        return kept_.front();
    }

  private:
    std::list<Decoded> kept_;
};

json points_json(const std::vector<pipeline::Point>& points) {
    json list = json::array();
    for (const pipeline::Point& point : points)
        list.push_back({point.x, point.y});
    return list;
}

json cluster_json(const dicom::ReportedCluster& cluster) {
    json calcifications = json::array();
    for (const dicom::ReportedCalcification& one : cluster.reported)
        calcifications.push_back({{"center", {one.center.x, one.center.y}},
                                  {"outline", points_json(one.outline)},
                                  {"certainty", one.certainty},
                                  {"area_mm2", one.area_mm2}});
    json measurements = json::array();
    for (const dicom::ReportedMeasurement& one : cluster.measurements)
        measurements.push_back({{"name", one.name}, {"value", one.value}, {"unit", one.unit}});
    return {{"tracking_uid", cluster.tracking_uid},
            {"center", {cluster.center.x, cluster.center.y}},
            {"outline", points_json(cluster.outline)},
            {"certainty", cluster.certainty},
            {"distribution", cluster.distribution.empty() ? json() : json(cluster.distribution)},
            {"count", cluster.calcifications},
            {"calcifications", calcifications},
            {"measurements", measurements}};
}

std::string findings(const json& request) {
    std::vector<dicom::ReportedImage> images =
        dicom::read_cad_report(request.at("cad_sr").get<std::string>());
    const std::string measurements = request.at("measurement_report");
    if (!measurements.empty()) dicom::add_measurements(images, measurements);
    json list = json::array();
    for (const dicom::ReportedImage& image : images) {
        json clusters = json::array();
        for (const dicom::ReportedCluster& cluster : image.clusters)
            clusters.push_back(cluster_json(cluster));
        list.push_back({{"sop_instance_uid", image.sop_instance_uid},
                        {"status", image.status},
                        {"reason", image.reason.empty() ? json() : json(image.reason)},
                        {"clusters", clusters}});
    }
    return list.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string patient(const json& request) {
    const dicom::PatientNote note = dicom::read_patient_note(request.at("path").get<std::string>());
    return json{{"name", note.name},
                {"id", note.id},
                {"birth_date", note.birth_date},
                {"sex", note.sex},
                {"study_date", note.study_date},
                {"accession_number", note.accession_number},
                {"institution", note.institution}}
        .dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string image(const json& request, Images& images) {
    const Decoded& decoded = images.get(request.at("path"));
    const pipeline::Mammogram& mammogram = decoded.mammogram;
    return json{{"rows", mammogram.pixels.rows},
                {"columns", mammogram.pixels.columns},
                {"row_spacing_mm", mammogram.row_spacing_mm},
                {"column_spacing_mm", mammogram.column_spacing_mm},
                {"bits_stored", mammogram.bits_stored},
                {"low", decoded.window.low},
                {"high", decoded.window.high}}
        .dump();
}

std::string picture(const json& request, Images& images) {
    const Decoded& decoded = images.get(request.at("path"));
    const json& area = request.at("area");
    const pipeline::PictureWindow window{request.value("low", decoded.window.low),
                                         request.value("high", decoded.window.high)};
    const std::vector<unsigned char> png =
        pipeline::picture_png(decoded.mammogram.pixels, {area.at(0), area.at(1), area.at(2), area.at(3)},
                              request.at("columns"), request.at("rows"), window);
    return {png.begin(), png.end()};
}

std::string answer(const json& request, Images& images) {
    const std::string what = request.at("do");
    if (what == "picture") return picture(request, images);
    if (what == "image") return image(request, images);
    if (what == "findings") return findings(request);
    return patient(request);
}

void reply(const json& head, const std::string& body) {
    const std::string line = head.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
    std::fwrite(line.data(), 1, line.size(), stdout);
    std::fwrite(body.data(), 1, body.size(), stdout);
    std::fflush(stdout);
}

}  // namespace

int run_pictures() {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const rlimit memory{kMemory, kMemory};
    const rlimit seconds{kProcessorSeconds, kProcessorSeconds};
    ::setrlimit(RLIMIT_AS, &memory);
    ::setrlimit(RLIMIT_CPU, &seconds);  // we are started again when it is used up
    Images images;
    std::string line;
    while (std::getline(std::cin, line)) {
        try {
            const std::string body = answer(json::parse(line), images);
            reply({{"ok", true}, {"bytes", body.size()}}, body);
        } catch (const std::exception& error) {  // whatever the file did to us: the asker is told
            reply({{"ok", false}, {"bytes", 0}, {"error", error.what()}}, "");
        }
    }
    return 0;
}

}  // namespace calcnode::service
