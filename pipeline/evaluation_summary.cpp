#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>

#include "pipeline/evaluation.h"

namespace calcnode::pipeline {

namespace {

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

int count_marks(const ImageCounts& image, double threshold, bool hits) {
    return static_cast<int>(std::count_if(image.marks.begin(), image.marks.end(), [&](const Mark& mark) {
        if (mark.score < threshold) return false;
        return hits ? mark.hit : !mark.hit && !mark.ignored;
    }));
}

/// Patients are drawn, not images: the views of one exam are no independent evidence.
class Bootstrap {
  public:
    Bootstrap(std::span<const ImageCounts> images, const SummaryOptions& options) : images_(images) {
        std::map<std::string, int> patients;
        for (const ImageCounts& image : images)
            patients.emplace(image.patient, static_cast<int>(patients.size()));
        patients_ = static_cast<int>(patients.size());
        for (const ImageCounts& image : images)
            patient_of_.push_back(patients.at(image.patient));
        std::mt19937_64 engine(options.seed);
        std::uniform_int_distribution<int> draw(0, std::max(0, patients_ - 1));
        draws_.resize(patients_ > 0 ? options.resamples : 0);
        for (std::vector<int>& sample : draws_) {
            sample.resize(patients_);
            for (int& patient : sample)
                patient = draw(engine);
        }
    }

    int patients() const { return patients_; }

    Estimate estimate(const Measure& measure) const {
        std::vector<Ratio> by_patient(patients_);
        Ratio whole;
        for (std::size_t i = 0; i < images_.size(); ++i) {
            const Ratio ratio = measure(images_[i]);
            by_patient[patient_of_[i]] += ratio;
            whole += ratio;
        }
        Estimate result;
        if (whole.below <= 0) return result;
        result.known = true;
        result.value = result.low = result.high = whole.above / whole.below;
        std::vector<double> values;
        for (const std::vector<int>& sample : draws_) {
            Ratio sum;
            for (const int patient : sample)
                sum += by_patient[patient];
            if (sum.below > 0) values.push_back(sum.above / sum.below);
        }
        if (values.empty()) return result;
        std::sort(values.begin(), values.end());
        const auto quantile = [&](double share) {
            return values[static_cast<std::size_t>(
                std::lround(share * static_cast<double>(values.size() - 1)))];
        };
        result.low = quantile(0.025);
        result.high = quantile(0.975);
        return result;
    }

  private:
    std::span<const ImageCounts> images_;
    std::vector<int> patient_of_;
    std::vector<std::vector<int>> draws_;
    int patients_ = 0;
};

double total(std::span<const ImageCounts> images, const Measure& measure) {
    Ratio sum;
    for (const ImageCounts& image : images)
        sum += measure(image);
    return sum.below > 0 ? sum.above / sum.below : 0;
}

bool has_normal(std::span<const ImageCounts> images) {
    return std::any_of(images.begin(), images.end(), [](const ImageCounts& image) { return image.normal; });
}

Measure false_marks(bool only_normal, double threshold) {
    return [=](const ImageCounts& image) -> Ratio {
        if (only_normal && !image.normal) return {};
        return {static_cast<double>(count_marks(image, threshold, false)), 1};
    };
}

Measure true_marks(double threshold) {
    return [=](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(count_marks(image, threshold, true)), static_cast<double>(image.groups)};
    };
}

std::vector<FrocPoint> froc(std::span<const ImageCounts> images, const Bootstrap& bootstrap) {
    const bool only_normal = has_normal(images);
    std::set<double, std::greater<>> thresholds;
    for (const ImageCounts& image : images) {
        for (const Mark& mark : image.marks)
            thresholds.insert(mark.score);
    }
    std::vector<FrocPoint> points;
    if (thresholds.empty()) return points;
    auto next = thresholds.begin();
    double threshold = std::nextafter(*next, *next + 1);  // above every mark: nothing is marked
    for (const double allowed : kFrocAllowed) {
        while (next != thresholds.end() && total(images, false_marks(only_normal, *next)) <= allowed)
            threshold = *next++;
        points.push_back({.allowed = allowed,
                          .threshold = threshold,
                          .sensitivity = bootstrap.estimate(true_marks(threshold)),
                          .false_per_image = bootstrap.estimate(false_marks(only_normal, threshold))});
    }
    return points;
}

void summarise_grains(const Bootstrap& bootstrap, Summary& summary) {
    const auto only_masks = [](auto measure) {
        return [measure](const ImageCounts& image) { return image.has_mask ? measure(image) : Ratio{}; };
    };
    const auto only_grains = [](auto measure) {
        return [measure](const ImageCounts& image) { return image.grains > 0 ? measure(image) : Ratio{}; };
    };
    summary.grain_sensitivity = bootstrap.estimate(only_masks([](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(image.grains_found), static_cast<double>(image.grains)};
    }));
    summary.false_grains_per_cm2 = bootstrap.estimate(only_masks([](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(image.false_grains), image.breast_cm2};
    }));
    summary.false_grains_per_image = bootstrap.estimate(only_masks([](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(image.false_grains), 1};
    }));
    summary.dice = bootstrap.estimate(only_grains([](const ImageCounts& image) -> Ratio {
        return {image.dice, 1};
    }));
    summary.iou = bootstrap.estimate(only_grains([](const ImageCounts& image) -> Ratio {
        return {image.iou, 1};
    }));
    summary.object_iou = bootstrap.estimate(only_grains([](const ImageCounts& image) -> Ratio {
        return {image.object_iou, static_cast<double>(image.grains_found)};
    }));
}

}  // namespace

Summary summarise(std::span<const ImageCounts> images, const SummaryOptions& options) {
    const Bootstrap bootstrap(images, options);
    const double threshold = options.threshold;
    Summary summary;
    summary.images = static_cast<int>(images.size());
    summary.patients = bootstrap.patients();
    for (const ImageCounts& image : images) {
        summary.normal_images += image.normal;
        summary.groups += image.groups;
        summary.grains += image.grains;
    }
    summary.sensitivity = bootstrap.estimate(true_marks(threshold));
    summary.false_per_normal = bootstrap.estimate([=](const ImageCounts& image) -> Ratio {
        return image.normal ? Ratio{static_cast<double>(count_marks(image, threshold, false)), 1} : Ratio{};
    });
    summary.false_per_other = bootstrap.estimate([=](const ImageCounts& image) -> Ratio {
        return image.normal ? Ratio{} : Ratio{static_cast<double>(count_marks(image, threshold, false)), 1};
    });
    summarise_grains(bootstrap, summary);
    summary.froc = froc(images, bootstrap);
    return summary;
}

std::vector<FrocPoint> sweep_froc(std::span<const SweepStep> steps, const SummaryOptions& options) {
    std::vector<FrocPoint> points;
    for (const double allowed : kFrocAllowed) {
        const SweepStep* best = nullptr;
        double best_sensitivity = -1;
        for (const SweepStep& step : steps) {
            const Measure wrong = false_marks(has_normal(step.images), -1e300);
            const double sensitivity = total(step.images, true_marks(-1e300));
            if (total(step.images, wrong) > allowed || sensitivity < best_sensitivity) continue;
            best = &step;
            best_sensitivity = sensitivity;
        }
        if (best == nullptr) continue;
        const Bootstrap bootstrap(best->images, options);
        points.push_back(
            {.allowed = allowed,
             .threshold = best->threshold,
             .sensitivity = bootstrap.estimate(true_marks(-1e300)),
             .false_per_image = bootstrap.estimate(false_marks(has_normal(best->images), -1e300))});
    }
    return points;
}

}  // namespace calcnode::pipeline
