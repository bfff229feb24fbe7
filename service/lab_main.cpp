// The command line of calcnode-lab: parses, calls one function a subcommand.
#include <cstdio>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

#include <CLI/CLI.hpp>

#include "config/loader.h"
#include "dicom/library.h"
#include "pipeline/error.h"
#include "service/job_runner.h"
#include "service/lab_evaluate.h"
#include "service/lab_phantom.h"
#include "service/lab_train.h"

namespace {

using namespace calcnode;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

struct Options {
    service::LabPhantomOptions phantom;
    pipeline::TrainingOptions train;
    std::vector<std::tuple<std::string, double, std::string>> backgrounds;
    service::LabEvaluateOptions evaluate;
    bool paper_table = false;
    bool no_model = false;
    bool no_classical = false;
    bool progress = false;
};

void add_condition(CLI::App& command, service::LabPhantomOptions& options) {
    command.add_option("--dose", options.condition.dose, "0.5: half the photons")->capture_default_str();
    command.add_option("--noise", options.condition.noise, "2: twice the noise's standard deviation")
        ->capture_default_str();
    command.add_option("--blur", options.condition.blur_mm, "Further blur, sigma in mm")
        ->capture_default_str();
    command.add_option("--curve", options.curve, "For Presentation tone curve instead of the device's own")
        ->check(CLI::IsMember({"device", "linear", "sigmoid", "gamma", "steep"}))
        ->capture_default_str();
    command.add_option("--vessels", options.vessels, "Calcified vessel walls: as drawn, in no exam, in all")
        ->check(CLI::IsMember({"drawn", "plain", "calcified"}))
        ->capture_default_str();
}

CLI::App* add_phantom(CLI::App& app, service::LabPhantomOptions& options) {
    auto* command = app.add_subcommand("phantom", "Write phantom exams as DICOM, with the exact truth");
    command->add_option("-o,--out", options.out, "Folder for the files, made when missing");
    command->add_option("--rows", options.rows, "Height in pixels, 200..8192")->capture_default_str();
    command->add_option("--columns", options.columns, "Width in pixels, 200..8192")->capture_default_str();
    command->add_option("--spacing", options.spacing_mm, "mm a pixel, 0.03..0.3")->capture_default_str();
    command->add_option("--bits", options.bits, "Bits stored, 8..16")->capture_default_str();
    command->add_option("--seed", options.seed, "The same seed gives the same files")->capture_default_str();
    command->add_option("--clusters", options.clusters, "Clusters in each image, 0..100")
        ->capture_default_str();
    command->add_option("--exams", options.exams, "Exams with clusters: seeds SEED, SEED + 1, ...")
        ->capture_default_str();
    command->add_option("--normal-exams", options.normal_exams, "Further exams, without clusters")
        ->capture_default_str();
    command->add_option("--intent", options.intent, "presentation, processing or both")
        ->check(CLI::IsMember({"presentation", "processing", "both"}))
        ->capture_default_str();
    command->add_flag("--monochrome1", options.monochrome1,
                      "Store inverted, photometric interpretation MONOCHROME1");
    command->add_option("--patient-id", options.patient_id, "{seed} stands for the exam's seed")
        ->capture_default_str();
    command->add_option("--views", options.views, "Some of R-CC,R-MLO,L-CC,L-MLO")
        ->delimiter(',')
        ->capture_default_str();
    command->add_option("--family", options.family, "held-out: devices and textures that training never sees")
        ->check(CLI::IsMember({"training", "held-out"}))
        ->capture_default_str();
    command
        ->add_option("--least-contrast", options.visibility.least,
                     "Of the faintest clusters' grains, in standard deviations of a pixel there")
        ->capture_default_str();
    command->add_option("--most-contrast", options.visibility.most, "Of the most obvious clusters' grains")
        ->capture_default_str();
    add_condition(*command, options);
    command->add_option("--contact-sheet", options.contact_sheet,
                        "Instead of exams, a PNG with pieces of phantoms beside real ones");
    command->add_option("--beside", options.beside, "Folder of real crops for it")
        ->check(CLI::ExistingDirectory);
    command->add_option("--beside-spacing", options.beside_spacing_mm, "Their mm a pixel")
        ->capture_default_str();
    command->footer(
        "Writes for each view OUT/<patient>_<view>.dcm (For Processing: .processing.dcm) and beside it "
        ".truth.png (16 bit\n"
        "grey: 0 background, k the pixels of grain k), .truth.json (each cluster's grains, distribution, "
        "morphology,\n"
        "centroid, area; density and device), .distractors.png (1 benign calcification, 2 vessel wall, 3 "
        "film "
        "dust,\n"
        "4 lymph node, 5 skin calcification, 6 popcorn, rod or rim, 7 clip, 8 skin marker, 9 scratch, 10 "
        "dead "
        "pixel),\n"
        "and OUT/cases.csv, which `calcnode-lab evaluate` reads. The conditions (--dose to --vessels) keep "
        "the "
        "seed's\n"
        "anatomy, grains and noise.\n"
        "Examples:\n"
        "  calcnode-lab phantom --out exam\n"
        "  calcnode-lab phantom --out small --rows 1024 --columns 832 --spacing 0.1 --clusters 2 --seed 7\n"
        "  calcnode-lab phantom --out test --exams 20 --normal-exams 20 --seed 1000 --family held-out\n"
        "  calcnode-lab phantom --out half --exams 20 --seed 1000 --dose 0.5\n"
        "  calcnode-lab phantom --contact-sheet sheet.png --beside crops --beside-spacing 0.05");
    return command;
}

CLI::App* add_train(CLI::App& app, Options& options) {
    pipeline::TrainingOptions& train = options.train;
    auto* command =
        app.add_subcommand("train", "Train the Detector and the Segmentator, write a model folder");
    command->add_option("-o,--out", train.output, "Model folder, made when missing");
    command->add_flag(
        "--paper-table", options.paper_table,
        "Train the paper's networks instead (29, 39, 49 pixels, same and valid) and print their table");
    command->add_option("--name", train.name, "The model's name")->capture_default_str();
    command->add_option("--model-version", train.version, "The model's version")->capture_default_str();
    command->add_option("--seed", train.seed, "The same seed gives the same weights")->capture_default_str();
    command->add_option("--exams", train.exams, "Phantom images made for training")->capture_default_str();
    command->add_option("--steps", train.steps, "Optimiser steps for each network")->capture_default_str();
    command->add_option("--spacing", train.spacing_mm, "Working spacing, mm a pixel")->capture_default_str();
    command->add_option("--threads", train.threads, "Threads")
        ->check(CLI::Range(1, 1024))
        ->capture_default_str();
    command
        ->add_option(
            "--background", options.backgrounds,
            "Folder of real pictures without calcifications, their mm a pixel, and their attribution "
            "(can be repeated)")
        ->type_name("FOLDER SPACING ATTRIBUTION");
    command
        ->add_option("--detector", train.detector,
                     "A trained Detector (detector.pt) to keep: train the Segmentator only")
        ->check(CLI::ExistingFile);
    command->add_flag("--resume", train.resume,
                      "Go on from the checkpoint of an earlier run with the same --out");
    command->footer(
        "Ctrl-C stops and keeps a checkpoint.\n"
        "Examples:\n"
        "  calcnode-lab train --out models/mine\n"
        "  calcnode-lab train --out models/mine --background crops 0.05 \"CBIS-DDSM, CC BY 3.0\" --steps "
        "8000\n"
        "  calcnode-lab train --out models/mine --resume\n"
        "  calcnode-lab train --paper-table");
    return command;
}

CLI::App* add_evaluate(CLI::App& app, Options& options) {
    service::LabEvaluateOptions& evaluate = options.evaluate;
    auto* command = app.add_subcommand("evaluate", "Measure the model on images whose truth is known");
    command
        ->add_option("CASES", evaluate.cases,
                     "cases.csv: image,spacing_mm,patient,kind,severity,tissue,truth[,device,medium,intent,"
                     "condition]")
        ->required()
        ->check(CLI::ExistingFile);
    command->add_option("--model", evaluate.model, "Model folder (default: the one that calcnode uses)");
    command->add_flag("--no-model", options.no_model, "Measure the classical method only");
    command->add_flag("--no-classical", options.no_classical, "Measure the model only");
    command
        ->add_option("--threshold", evaluate.threshold,
                     "Cluster score of the operating point (default: the model's)")
        ->check(CLI::Range(0.0, 1.0));
    command->add_option("-o,--out", evaluate.out, "Folder for report.html, report.json and their pictures");
    command->add_flag("--whole-image", evaluate.whole_image,
                      "Pictures that are not DICOM are pieces of breast: no breast is looked for in them");
    command->add_option("--spacing", evaluate.spacing_mm, "mm a pixel of the crops of a patches.csv")
        ->check(CLI::Range(0.02, 0.3));
    command
        ->add_option("--beside", evaluate.beside,
                     "Folder of real crops: also compare the texture of the normal images with theirs")
        ->check(CLI::ExistingDirectory);
    command->add_option("--beside-spacing", evaluate.beside_spacing_mm, "Their mm a pixel")
        ->capture_default_str();
    command->add_option("-j,--jobs", evaluate.jobs, "Images at once; 0: as many as there are cores")
        ->check(CLI::Range(0, 1024));
    command->add_option("--threads", evaluate.threads, "Threads for all jobs together; 0: as many as cores")
        ->check(CLI::Range(0, 1024));
    command->footer(
        "A row's image is .dcm, or .png or .jpg (grey, 8 or 16 bit), its kind calc or normal, its truth "
        "circle:x,y,r (pixels\n"
        "from the top left, ';' between circles), mask:FILE.png, or image (there are some, nobody says "
        "where: "
        "counts for the\n"
        "ROC only). Paths are relative to the folder of CASES. Columns device,medium,intent,condition may "
        "follow: figures are\n"
        "also given by each of them; conditions are compared with the one named reference (or left "
        "empty).\n"
        "CASES may also be a patches.csv (file,patient,label,visible,cbis_description): crops, known as a "
        "whole only.\n"
        "Beside a mask STEM.truth.png, STEM.truth.json and STEM.distractors.png are used when they are "
        "there.\n"
        "Examples:\n"
        "  calcnode-lab evaluate test/cases.csv\n"
        "  calcnode-lab evaluate test/cases.csv --model models/mine --threshold 0.4 --out results\n"
        "  calcnode-lab evaluate cbis-ddsm/patches.csv --whole-image --spacing 0.05");
    return command;
}

int run_evaluate(Options& options) {
    if (options.no_model) {
        options.evaluate.model.clear();
    } else if (options.evaluate.model.empty()) {
        options.evaluate.model = service::model_folder(config::load(std::nullopt, {}));
    }
    options.evaluate.classical = !options.no_classical;
    options.evaluate.progress = options.progress;
    return service::run_lab_evaluate(options.evaluate);
}

int run_phantom(Options& options) {
    options.phantom.progress = options.progress;
    service::run_lab_phantom(options.phantom);
    return 0;
}

int run_train(Options& options) {
    if (options.paper_table) {
        return service::run_lab_paper_table({.seed = options.train.seed,
                                             .threads = options.train.threads,
                                             .spacing_mm = options.train.spacing_mm},
                                            options.progress);
    }
    for (const auto& [folder, spacing, attribution] : options.backgrounds) {
        options.train.backgrounds.push_back(
            {.folder = folder, .spacing_mm = spacing, .attribution = attribution});
    }
    return service::run_lab_train(options.train, options.progress);
}

bool is_usage(const pipeline::Error& error) {
    return error.code() == pipeline::ErrorCode::bad_argument;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"calcnode-lab: phantoms, training and measuring for calcnode. Research only."};
    app.require_subcommand(1);
    app.footer(
        "Examples:\n"
        "  calcnode-lab phantom --out exam                 a four-view exam with its truth\n"
        "  calcnode-lab train --out models/mine            a model from phantoms alone\n"
        "  calcnode-lab evaluate exam/cases.csv            how good the model is\n"
        "Exit status: 0 done, 1 failed, 2 wrong usage (options, cases.csv).");
    Options options;
    auto* phantom = add_phantom(app, options.phantom);
    auto* train = add_train(app, options);
    auto* evaluate = add_evaluate(app, options);
    for (auto* command : {phantom, train, evaluate}) {
        command->add_flag("--progress", options.progress,
                          "Show the progress even when stderr is no terminal");
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : kExitUsage;
    }
    try {
        dicom::initialise_library();
        if (*phantom) return run_phantom(options);
        if (*train) return run_train(options);
        return run_evaluate(options);
    } catch (const pipeline::Error& error) {
        std::cerr << "calcnode-lab: " << error.what() << '\n';
        return is_usage(error) ? kExitUsage : kExitFailed;
    } catch (const std::exception& error) {
        std::cerr << "calcnode-lab: " << error.what() << '\n';
        return kExitFailed;
    }
}
