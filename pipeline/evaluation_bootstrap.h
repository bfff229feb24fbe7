// Figures with their 95 % intervals by patient. Internal to pipeline/evaluation*; pure, any thread.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "pipeline/evaluation.h"

namespace calcnode::pipeline {

/// A figure is a ratio of two sums over images.
struct Ratio {
    double above = 0;
    double below = 0;
    Ratio& operator+=(const Ratio& other) {
        above += other.above;
        below += other.below;
        return *this;
    }
};

using Measure = std::function<Ratio(const ImageCounts&)>;

/// Patients are drawn, not images: the views of one exam are no independent evidence. The same images and
/// options give the same draws.
class Bootstrap {
  public:
    /// The images must outlive it.
    Bootstrap(std::span<const ImageCounts> images, const SummaryOptions& options);

    int patients() const { return patients_; }

    Estimate estimate(const Measure& measure) const;

    /// The first ratio less the second, both of the same draw.
    Estimate difference(const Measure& first, const Measure& second) const;

    /// Of any figure: `figure` gets how many times each image counts. NaN: not known for such a draw.
    Estimate estimate_weighted(const std::function<double(std::span<const int> weights)>& figure) const;

  private:
    std::vector<Ratio> by_patient(const Measure& measure) const;

    std::span<const ImageCounts> images_;
    std::vector<int> patient_of_;
    std::vector<std::vector<int>> draws_;
    int patients_ = 0;
};

/// The ratio over all images, 0 when there is nothing to divide by.
double total(std::span<const ImageCounts> images, const Measure& measure);

bool has_normal(std::span<const ImageCounts> images);

/// Cluster marks scored `threshold` or more: false ones an image, and true ones a group.
Measure false_marks(bool only_normal, double threshold);
Measure true_marks(double threshold);

}  // namespace calcnode::pipeline
