// The losses of a training run over its steps: kept as training.csv in the model's folder while it runs (and after a
// resume), drawn as training.png. Any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace calcnode::pipeline {

struct CurvePoint {
    std::string stage;      // "detector", "segmentator"
    int step = 0;           // of that stage
    double training = 0;    // running mean
    double validation = 0;  // on patches that are never trained on
};

/// Empty when there is no such file. Throws Error training_failed when it cannot be read as a curve.
std::vector<CurvePoint> read_curve(const std::filesystem::path& file);

/// Replaces the file. Throws Error write_failed.
void write_curve(const std::vector<CurvePoint>& points, const std::filesystem::path& file);

/// A PNG with one panel a stage, loss over steps. Throws Error write_failed.
void draw_curve(const std::vector<CurvePoint>& points, const std::filesystem::path& file);

}  // namespace calcnode::pipeline
