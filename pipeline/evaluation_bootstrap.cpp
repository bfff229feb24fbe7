#include "pipeline/evaluation_bootstrap.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <string>

namespace calcnode::pipeline {

namespace {

int count_marks(const ImageCounts& image, double threshold, bool hits) {
    return static_cast<int>(std::count_if(image.marks.begin(), image.marks.end(), [&](const Mark& mark) {
        if (mark.score < threshold) return false;
        return hits ? mark.hit : !mark.hit && !mark.ignored;
    }));
}

Estimate with_interval(double value, std::vector<double> values) {
    Estimate result{.value = value, .low = value, .high = value, .known = true};
    if (values.empty()) return result;
    std::sort(values.begin(), values.end());
    const auto quantile = [&](double share) {
        return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
    };
    result.low = quantile(0.025);
    result.high = quantile(0.975);
    return result;
}

Ratio sum_of(const std::vector<Ratio>& by_patient, const std::vector<int>& patients) {
    Ratio sum;
    for (const int patient : patients)
        sum += by_patient[patient];
    return sum;
}

}  // namespace

Bootstrap::Bootstrap(std::span<const ImageCounts> images, const SummaryOptions& options) : images_(images) {
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

std::vector<Ratio> Bootstrap::by_patient(const Measure& measure) const {
    std::vector<Ratio> ratios(patients_);
    for (std::size_t i = 0; i < images_.size(); ++i)
        ratios[patient_of_[i]] += measure(images_[i]);
    return ratios;
}

Estimate Bootstrap::estimate(const Measure& measure) const {
    const std::vector<Ratio> ratios = by_patient(measure);
    const Ratio whole = std::accumulate(ratios.begin(), ratios.end(), Ratio{},
                                        [](Ratio sum, const Ratio& more) { return sum += more; });
    if (whole.below <= 0) return {};
    std::vector<double> values;
    for (const std::vector<int>& sample : draws_) {
        const Ratio sum = sum_of(ratios, sample);
        if (sum.below > 0) values.push_back(sum.above / sum.below);
    }
    return with_interval(whole.above / whole.below, std::move(values));
}

Estimate Bootstrap::difference(const Measure& first, const Measure& second) const {
    const std::vector<Ratio> ones = by_patient(first);
    const std::vector<Ratio> others = by_patient(second);
    std::vector<int> everyone(patients_);
    std::iota(everyone.begin(), everyone.end(), 0);
    const auto value = [&](const std::vector<int>& patients) {
        const Ratio one = sum_of(ones, patients);
        const Ratio other = sum_of(others, patients);
        if (one.below <= 0 || other.below <= 0) return std::nan("");
        return one.above / one.below - other.above / other.below;
    };
    const double whole = value(everyone);
    if (std::isnan(whole)) return {};
    std::vector<double> values;
    for (const std::vector<int>& sample : draws_) {
        const double drawn = value(sample);
        if (!std::isnan(drawn)) values.push_back(drawn);
    }
    return with_interval(whole, std::move(values));
}

Estimate Bootstrap::estimate_weighted(
    const std::function<double(std::span<const int> weights)>& figure) const {
    std::vector<int> weights(images_.size(), 1);
    const double whole = figure(weights);
    if (std::isnan(whole)) return {};
    std::vector<double> values;
    for (const std::vector<int>& sample : draws_) {
        std::vector<int> times(patients_, 0);
        for (const int patient : sample)
            ++times[patient];
        for (std::size_t i = 0; i < images_.size(); ++i)
            weights[i] = times[patient_of_[i]];
        const double drawn = figure(weights);
        if (!std::isnan(drawn)) values.push_back(drawn);
    }
    return with_interval(whole, std::move(values));
}

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

}  // namespace calcnode::pipeline
