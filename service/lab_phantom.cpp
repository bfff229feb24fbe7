#include "service/lab_phantom.h"

#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <set>
#include <system_error>
#include <utility>

#include "dicom/phantom_writer.h"
#include "pipeline/error.h"
#include "pipeline/phantom_likeness.h"
#include "service/lab_cases.h"
#include "service/lab_phantom_truth.h"
#include "service/progress_bar.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

using pipeline::Intent;

struct ViewName {
    const char* name;
    pipeline::Laterality laterality;
    pipeline::View view;
};

constexpr ViewName kViews[] = {{"R-CC", pipeline::Laterality::right, pipeline::View::cc},
                               {"R-MLO", pipeline::Laterality::right, pipeline::View::mlo},
                               {"L-CC", pipeline::Laterality::left, pipeline::View::cc},
                               {"L-MLO", pipeline::Laterality::left, pipeline::View::mlo}};

[[noreturn]] void refuse(const std::string& what) {
    throw pipeline::Error(pipeline::ErrorCode::bad_argument, what);
}

ViewName view_of(const std::string& name) {
    for (const ViewName& view : kViews) {
        if (name == view.name) return view;
    }
    refuse("--views " + name + ": not one of R-CC, R-MLO, L-CC, L-MLO");
}

std::vector<Intent> intents_of(const std::string& name) {
    if (name == "presentation") return {Intent::presentation};
    if (name == "processing") return {Intent::processing};
    if (name == "both") return {Intent::processing, Intent::presentation};
    refuse("--intent " + name + ": not presentation, processing or both");
}

template <typename Value>
Value value_of(const char* option, const std::string& name,
               std::initializer_list<std::pair<const char*, Value>> values) {
    std::string known;
    for (const auto& [text, value] : values) {
        if (name == text) return value;
        known.append(known.empty() ? "" : ", ").append(text);
    }
    refuse(std::string(option) + " " + name + ": not one of " + known);
}

pipeline::PhantomFamily family_of(const std::string& name) {
    using pipeline::PhantomFamily;
    return value_of<PhantomFamily>(
        "--family", name, {{"training", PhantomFamily::training}, {"held-out", PhantomFamily::held_out}});
}

pipeline::PhantomCondition condition_of(const LabPhantomOptions& options) {
    using pipeline::ContrastCurve;
    using pipeline::VesselWalls;
    pipeline::PhantomCondition condition = options.condition;
    condition.curve = value_of<ContrastCurve>("--curve", options.curve,
                                              {{"device", ContrastCurve::of_device},
                                               {"linear", ContrastCurve::linear},
                                               {"sigmoid", ContrastCurve::sigmoid},
                                               {"gamma", ContrastCurve::gamma},
                                               {"steep", ContrastCurve::steep}});
    condition.vessels = value_of<VesselWalls>("--vessels", options.vessels,
                                              {{"drawn", VesselWalls::as_drawn},
                                               {"plain", VesselWalls::plain},
                                               {"calcified", VesselWalls::calcified}});
    return condition;
}

/// The patient of one exam. {seed} stands for the exam's seed; without it several exams would be one patient.
std::string patient_of(const LabPhantomOptions& options, std::uint64_t seed) {
    std::string patient = options.patient_id;
    const auto place = patient.find("{seed}");
    if (place != std::string::npos) patient.replace(place, 6, std::to_string(seed));
    return patient;
}

void check_options(const LabPhantomOptions& options) {
    const std::string& id = options.patient_id;
    if (id.empty() || id.size() > 40 || id.find_first_of("/\\,\"\r\n") != std::string::npos ||
        id.front() == '.') {
        refuse("--patient-id " + id + ": use 1 to 40 characters, without / \\ , or quotes");
    }
    if (options.exams < 0 || options.normal_exams < 0 || options.exams + options.normal_exams < 1) {
        refuse("--exams and --normal-exams: there is nothing to make");
    }
    if (options.exams + options.normal_exams > 1 && id.find("{seed}") == std::string::npos) {
        refuse("--patient-id: put {seed} into it when there is more than one exam");
    }
    if (options.views.empty()) refuse("--views: name at least one");
    if (std::set<std::string>(options.views.begin(), options.views.end()).size() != options.views.size()) {
        refuse("--views: a view is named twice");
    }
    for (const std::string& view : options.views)
        static_cast<void>(view_of(view));
    static_cast<void>(family_of(options.family));
    static_cast<void>(condition_of(options));
}

/// One exam's image to be made.
struct Picture {
    std::uint64_t seed = 0;
    ViewName view{};
    Intent intent = Intent::presentation;
    int clusters = 0;
    int number = 1;  // in its exam
};

std::vector<Picture> plan(const LabPhantomOptions& options) {
    std::vector<Picture> pictures;
    for (int exam = 0; exam < options.exams + options.normal_exams; ++exam) {
        int number = 1;
        for (const std::string& view : options.views) {
            for (const Intent intent : intents_of(options.intent)) {
                pictures.push_back({.seed = options.seed + static_cast<std::uint64_t>(exam),
                                    .view = view_of(view),
                                    .intent = intent,
                                    .clusters = exam < options.exams ? options.clusters : 0,
                                    .number = number++});
            }
        }
    }
    return pictures;
}

CaseRow make_picture(const LabPhantomOptions& options, const Picture& picture) {
    const pipeline::Phantom phantom = pipeline::make_phantom({.rows = options.rows,
                                                              .columns = options.columns,
                                                              .spacing_mm = options.spacing_mm,
                                                              .bits_stored = options.bits,
                                                              .seed = picture.seed,
                                                              .clusters = picture.clusters,
                                                              .laterality = picture.view.laterality,
                                                              .view = picture.view.view,
                                                              .intent = picture.intent,
                                                              .family = family_of(options.family),
                                                              .condition = condition_of(options),
                                                              .visibility = options.visibility});
    const std::string patient = patient_of(options, picture.seed);
    const std::string stem = patient + "_" + picture.view.name;
    const std::string name = stem + (picture.intent == Intent::processing ? ".processing.dcm" : ".dcm");
    dicom::write_phantom(phantom,
                         {.patient_id = patient,
                          .patient_name = "Phantom^Breast",
                          .accession_number = "PH" + std::to_string(picture.seed % 1'000'000'000),
                          .seed = picture.seed,
                          .monochrome1 = options.monochrome1,
                          .instance_number = picture.number},
                         options.out / name);
    write_phantom_truth(phantom, options.intent, options.out / stem);
    std::size_t grains = 0;
    for (const pipeline::PhantomCluster& cluster : phantom.clusters)
        grains += cluster.grains.size();
    std::printf("%-40s  %zu clusters, %zu grains\n", name.c_str(), phantom.clusters.size(), grains);
    std::fflush(stdout);
    return {.image = name,
            .spacing_mm = options.spacing_mm,
            .patient = patient,
            .kind = grains > 0 ? "calc" : "normal",
            .severity = "",
            .tissue = std::string(1, phantom.density),
            .truth = "mask:" + stem + ".truth.png",
            .device = phantom.mammogram.device.model,
            .medium = phantom.film ? "film" : "digital",
            .intent = picture.intent == Intent::processing ? "processing" : "presentation",
            .condition = pipeline::condition_text(phantom.condition)};
}

/// A piece each of as many exams as there are real pieces beside them.
void make_contact_sheet(const LabPhantomOptions& options) {
    constexpr int kPieces = 32;
    if (options.beside.empty()) refuse("--contact-sheet: name a folder of real crops with --beside");
    const std::vector<pipeline::TexturePiece> real =
        pipeline::read_pieces(options.beside, options.beside_spacing_mm, {.count = kPieces});
    std::vector<pipeline::TexturePiece> pieces;
    ProgressBar bar("phantom", static_cast<std::int64_t>(real.size()), options.progress);
    for (std::uint64_t seed = options.seed; pieces.size() < real.size() && seed < options.seed + 2 * kPieces;
         ++seed) {
        const pipeline::Phantom phantom = pipeline::make_phantom({.rows = options.rows,
                                                                  .columns = options.columns,
                                                                  .spacing_mm = options.spacing_mm,
                                                                  .bits_stored = options.bits,
                                                                  .seed = seed,
                                                                  .clusters = 0,
                                                                  .family = family_of(options.family),
                                                                  .condition = condition_of(options)});
        for (pipeline::TexturePiece& piece : pipeline::cut_pieces(phantom, {.seed = seed}))
            pieces.push_back(std::move(piece));
        bar.update(static_cast<std::int64_t>(pieces.size()), "");
    }
    const pipeline::Likeness likeness = pipeline::likeness(pieces, real);
    pipeline::write_contact_sheet(pieces, real, options.contact_sheet);
    std::printf(
        "%s: %d pieces of phantoms at the left, %d real ones at the right\n"
        "spectrum's exponent  %.2f (quartiles %.2f, %.2f), real %.2f (%.2f, %.2f)\n"
        "distance of the histograms (0 same, 1 apart)  values %.3f, local variance %.3f\n",
        options.contact_sheet.c_str(), likeness.phantom.pieces, likeness.real.pieces,
        likeness.phantom.exponent, likeness.phantom.exponent_low, likeness.phantom.exponent_high,
        likeness.real.exponent, likeness.real.exponent_low, likeness.real.exponent_high,
        likeness.contrast_distance, likeness.local_variance_distance);
}

}  // namespace

void run_lab_phantom(const LabPhantomOptions& options) {
    if (!options.contact_sheet.empty()) return make_contact_sheet(options);
    if (options.out.empty()) refuse("--out: name a folder for the files");
    check_options(options);
    const std::vector<Picture> pictures = plan(options);
    std::error_code problem;
    fs::create_directories(options.out, problem);
    if (problem) {
        throw pipeline::Error(pipeline::ErrorCode::write_failed,
                              options.out.string() + ": " + problem.message());
    }
    std::vector<CaseRow> rows;
    ProgressBar bar("phantom", static_cast<std::int64_t>(pictures.size()), options.progress);
    for (const Picture& picture : pictures) {
        rows.push_back(make_picture(options, picture));
        bar.update(static_cast<std::int64_t>(rows.size()), rows.back().image.string());
    }
    write_cases(rows, options.out / "cases.csv");
}

}  // namespace calcnode::service
