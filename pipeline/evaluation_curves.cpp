#include "pipeline/evaluation_curves.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace calcnode::pipeline {

namespace {

constexpr double kEverything = -1e300;

bool counts_towards(const ImageCounts& image, FrocRate rate, bool only_normal) {
    if (rate == FrocRate::clusters_per_image) return !only_normal || image.normal;
    return image.has_mask;
}

Measure false_grains(FrocRate rate, double threshold) {
    return [=](const ImageCounts& image) -> Ratio {
        if (!image.has_mask) return {};
        const auto wrong = std::count_if(
            image.grain_marks.begin(), image.grain_marks.end(),
            [=](const GrainMark& mark) { return !mark.hit && static_cast<double>(mark.score) >= threshold; });
        return {static_cast<double>(wrong), rate == FrocRate::grains_per_cm2 ? image.breast_cm2 : 1};
    };
}

Measure true_grains(double threshold) {
    return [=](const ImageCounts& image) -> Ratio {
        const auto right = std::count_if(
            image.grain_marks.begin(), image.grain_marks.end(),
            [=](const GrainMark& mark) { return mark.hit && static_cast<double>(mark.score) >= threshold; });
        return {static_cast<double>(right), static_cast<double>(image.grains)};
    };
}

/// Every score that a threshold may take, descending, each once.
std::vector<double> scores_of(std::span<const ImageCounts> images, FrocRate rate) {
    std::vector<double> scores;
    for (const ImageCounts& image : images) {
        if (rate == FrocRate::clusters_per_image) {
            for (const Mark& mark : image.marks)
                scores.push_back(mark.score);
        } else {
            for (const GrainMark& mark : image.grain_marks)
                scores.push_back(mark.score);
        }
    }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    scores.erase(std::unique(scores.begin(), scores.end()), scores.end());
    return scores;
}

/// Descending by score.
std::vector<double> false_scores(std::span<const ImageCounts> images, FrocRate rate, bool only_normal) {
    std::vector<double> scores;
    for (const ImageCounts& image : images) {
        if (!counts_towards(image, rate, only_normal)) continue;
        if (rate == FrocRate::clusters_per_image) {
            for (const Mark& mark : image.marks) {
                if (!mark.hit && !mark.ignored) scores.push_back(mark.score);
            }
        } else {
            for (const GrainMark& mark : image.grain_marks) {
                if (!mark.hit) scores.push_back(mark.score);
            }
        }
    }
    std::sort(scores.begin(), scores.end(), std::greater<>());
    return scores;
}

double size_of(std::span<const ImageCounts> images, FrocRate rate, bool only_normal) {
    double size = 0;
    for (const ImageCounts& image : images) {
        if (!counts_towards(image, rate, only_normal)) continue;
        size += rate == FrocRate::grains_per_cm2 ? image.breast_cm2 : 1;
    }
    return size;
}

/// Weighted share of pairs that are in order; a tie counts half. `order`: images by score, descending.
double pairs_in_order(std::span<const ImageCounts> images, std::span<const int> order,
                      std::span<const int> weights) {
    double positives = 0, negatives = 0, right = 0;
    for (std::size_t i = 0; i < order.size();) {
        double tied_positives = 0, tied_negatives = 0;
        const double score = images[order[i]].score;
        for (; i < order.size() && images[order[i]].score == score; ++i)
            (images[order[i]].normal ? tied_negatives : tied_positives) += weights[order[i]];
        right += tied_negatives * (positives + 0.5 * tied_positives);
        positives += tied_positives;
        negatives += tied_negatives;
    }
    return positives > 0 && negatives > 0 ? right / (positives * negatives) : std::nan("");
}

std::vector<int> by_score(std::span<const ImageCounts> images) {
    std::vector<int> order(images.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](int a, int b) { return images[a].score > images[b].score; });
    return order;
}

/// Sensitivity where the ROC, straight between its corners, has that rate of false positives.
double sensitivity_at(std::span<const ImageCounts> images, std::span<const int> order,
                      std::span<const int> weights, double rate) {
    double positives = 0, negatives = 0;
    for (const int i : order)
        (images[i].normal ? negatives : positives) += weights[i];
    if (positives <= 0 || negatives <= 0) return std::nan("");
    double hits = 0, wrong = 0;
    for (std::size_t i = 0; i < order.size();) {
        double more_hits = 0, more_wrong = 0;
        const double score = images[order[i]].score;
        for (; i < order.size() && images[order[i]].score == score; ++i)
            (images[order[i]].normal ? more_wrong : more_hits) += weights[order[i]];
        const double room = rate * negatives - wrong;
        if (more_wrong > room) return (hits + more_hits * room / more_wrong) / positives;
        hits += more_hits;
        wrong += more_wrong;
    }
    return hits / positives;
}

/// From one to the other, eight a factor of ten.
std::vector<double> rates(double from, double to) {
    std::vector<double> values;
    for (int i = 0;; ++i) {
        const double value = from * std::pow(10.0, i / 8.0);
        if (value > to * 1.0001) return values;
        values.push_back(value);
    }
}

/// A step's figures over all images.
struct StepTotals {
    const SweepStep* step = nullptr;
    double rate = 0;
    double sensitivity = 0;
};

std::vector<FrocPoint> sweep(std::span<const SweepStep> steps, const SummaryOptions& options,
                             std::span<const double> allowed) {
    std::vector<StepTotals> totals;
    for (const SweepStep& step : steps) {
        totals.push_back({&step, total(step.images, false_marks(has_normal(step.images), kEverything)),
                          total(step.images, true_marks(kEverything))});
    }
    std::vector<FrocPoint> points;
    for (const double limit : allowed) {
        const StepTotals* best = nullptr;
        for (const StepTotals& one : totals) {
            if (one.rate <= limit && (best == nullptr || one.sensitivity >= best->sensitivity)) best = &one;
        }
        if (best == nullptr) continue;
        const auto& images = best->step->images;
        const Bootstrap bootstrap(images, options);
        points.push_back(
            {.allowed = limit,
             .threshold = best->step->threshold,
             .sensitivity = bootstrap.estimate(true_marks(kEverything)),
             .false_per_image = bootstrap.estimate(false_marks(has_normal(images), kEverything))});
    }
    return points;
}

}  // namespace

std::vector<FrocPoint> froc(std::span<const ImageCounts> images, const Bootstrap& bootstrap, FrocRate rate,
                            std::span<const double> allowed) {
    const bool clusters = rate == FrocRate::clusters_per_image;
    const bool only_normal = clusters && has_normal(images);
    const std::vector<double> scores = scores_of(images, rate);
    const double size = size_of(images, rate, only_normal);
    std::vector<FrocPoint> points;
    if (scores.empty() || size <= 0) return points;
    const std::vector<double> wrong = false_scores(images, rate, only_normal);
    std::size_t next = 0, count = 0;  // the scores that are above the threshold, the false ones among them
    double threshold = std::nextafter(scores.front(), 1e300);  // above every mark: nothing is marked
    for (const double limit : allowed) {
        while (next < scores.size()) {
            std::size_t more = count;
            while (more < wrong.size() && wrong[more] >= scores[next])
                ++more;
            if (static_cast<double>(more) / size > limit) break;
            count = more;
            threshold = scores[next++];
        }
        points.push_back(
            {.allowed = limit,
             .threshold = threshold,
             .sensitivity = bootstrap.estimate(clusters ? true_marks(threshold) : true_grains(threshold)),
             .false_per_image = bootstrap.estimate(clusters ? false_marks(only_normal, threshold)
                                                            : false_grains(rate, threshold))});
    }
    return points;
}

Estimate area_under_roc(std::span<const ImageCounts> images, const Bootstrap& bootstrap) {
    const std::vector<int> order = by_score(images);
    return bootstrap.estimate_weighted(
        [&](std::span<const int> weights) { return pairs_in_order(images, order, weights); });
}

Curves curves_of(std::span<const ImageCounts> images, const SummaryOptions& options) {
    const Bootstrap bootstrap(images, options);
    Curves curves;
    curves.clusters = froc(images, bootstrap, FrocRate::clusters_per_image, rates(0.01, 10));
    curves.grains_per_cm2 = froc(images, bootstrap, FrocRate::grains_per_cm2, rates(0.01, 10));
    curves.grains_per_image = froc(images, bootstrap, FrocRate::grains_per_image, rates(0.1, 1000));
    const auto normal =
        std::count_if(images.begin(), images.end(), [](const ImageCounts& image) { return image.normal; });
    curves.images.negative = static_cast<int>(normal);
    curves.images.positive = static_cast<int>(images.size()) - curves.images.negative;
    curves.images.area = area_under_roc(images, bootstrap);
    if (!curves.images.area.known) return curves;
    const std::vector<int> order = by_score(images);
    constexpr int kSteps = 50;
    for (int i = 0; i <= kSteps; ++i) {
        const double rate = static_cast<double>(i) / kSteps;
        curves.images.points.push_back({rate, bootstrap.estimate_weighted([&](std::span<const int> weights) {
                                            return sensitivity_at(images, order, weights, rate);
                                        })});
    }
    return curves;
}

std::vector<FrocPoint> sweep_froc(std::span<const SweepStep> steps, const SummaryOptions& options) {
    return sweep(steps, options, kFrocAllowed);
}

std::vector<FrocPoint> sweep_curve(std::span<const SweepStep> steps, const SummaryOptions& options) {
    return sweep(steps, options, rates(0.01, 10));
}

}  // namespace calcnode::pipeline
