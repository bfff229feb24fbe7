#include "pipeline/phantom_imaging.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <opencv2/imgproc.hpp>

#include "pipeline/phantom_stamp.h"

namespace calcnode::pipeline::phantom {

namespace {

cv::Mat1f to_full(const Frame& frame, const cv::Mat1f& working, int interpolation) {
    if (frame.factor == 1) return working.clone();
    cv::Mat1f full;
    const cv::Size size = working.size() * frame.factor;
    cv::resize(working, full, size, 0, 0, interpolation);
    return full(cv::Rect(0, 0, frame.columns, frame.rows)).clone();
}

/// Gaussian blur with a wide kernel, done on a coarse copy.
cv::Mat1f wide_blur(const cv::Mat1f& image, double sigma_px) {
    const double shrink = std::min(1.0, 4 / sigma_px);
    if (shrink >= 1) {
        cv::Mat1f result;
        cv::GaussianBlur(image, result, {}, sigma_px, sigma_px, cv::BORDER_REPLICATE);
        return result;
    }
    cv::Mat1f small, result;
    const cv::Size size(std::max(4, static_cast<int>(image.cols * shrink)),
                        std::max(4, static_cast<int>(image.rows * shrink)));
    cv::resize(image, small, size, 0, 0, cv::INTER_AREA);
    cv::GaussianBlur(small, small, {}, sigma_px * size.width / image.cols,
                     sigma_px * size.height / image.rows, cv::BORDER_REPLICATE);
    cv::resize(small, result, image.size(), 0, 0, cv::INTER_LINEAR);
    return result;
}

/// Standard normal noise whose neighbouring pixels are correlated as after a blur of `sigma_px`.
cv::Mat1f noise_field(cv::Size size, double sigma_px, Random& random) {
    cv::Mat1f noise(size);
    cv::RNG generator(random.next());
    generator.fill(noise, cv::RNG::NORMAL, 0, 1);
    if (sigma_px < 0.25) return noise;
    const cv::Mat1d kernel =
        cv::getGaussianKernel(2 * static_cast<int>(std::ceil(3 * sigma_px)) + 1, sigma_px);
    const double gain = 1 / kernel.dot(kernel);  // of both directions together
    cv::sepFilter2D(noise, noise, CV_32F, kernel * gain, kernel, {-1, -1}, 0, cv::BORDER_REFLECT);
    return noise;
}

/// The value below which `share` of the inner breast's pixels lie.
float percentile(const cv::Mat1f& image, const cv::Mat1f& edge_mm, int factor, double share,
                 double inside_mm) {
    std::vector<float> values;
    for (int row = 0; row < edge_mm.rows; row += 3) {
        for (int column = 0; column < edge_mm.cols; column += 3) {
            if (edge_mm(row, column) <= inside_mm) continue;
            values.push_back(
                image(std::min(image.rows - 1, row * factor), std::min(image.cols - 1, column * factor)));
        }
    }
    if (values.empty()) return 0;
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(share * (values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

float curve(const DeviceTraits& device, float x) {
    switch (device.curve) {
        case ToneCurve::sigmoid: {
            const auto k = static_cast<float>(device.steepness);
            const float low = 1 / (1 + std::exp(0.5F * k));
            const float value = 1 / (1 + std::exp(-k * (x - 0.5F)));
            return (value - low) / (1 - 2 * low);
        }
        case ToneCurve::gamma:
            return std::pow(std::max(x, 0.0F), static_cast<float>(device.steepness));
        case ToneCurve::linear:
            return x;
    }
    return x;
}

/// Applies the tone curve between `low` and `high` through a table; film keeps its shoulders beyond them.
void apply_curve(const DeviceTraits& device, float low, float high, cv::Mat1f& image) {
    constexpr int kSteps = 4096;
    std::vector<float> table(kSteps + 1);
    const auto lowest = static_cast<float>(device.lowest);
    const auto span = static_cast<float>(device.highest - device.lowest);
    for (int i = 0; i <= kSteps; ++i) {
        const float x = -0.25F + 1.75F * i / kSteps;
        table[i] = std::clamp(lowest + span * curve(device, x), 0.0F, 1.0F);
    }
    const float scale = kSteps / (1.75F * (high - low));
    for (float& value : cv::Mat_<float>(image)) {
        const float place = std::clamp((value - low) * scale + 0.25F / 1.75F * kSteps, 0.0F, kSteps - 1.0F);
        const int i = static_cast<int>(place);
        value = table[i] + (place - i) * (table[i + 1] - table[i]);
    }
}

/// Multi-scale unsharp mask, sigmas in mm.
void sharpen(const Frame& frame, const DeviceTraits& device, cv::Mat1f& image) {
    const std::pair<double, double> scales[] = {
        {0.25, device.fine_boost}, {1.5, device.mid_boost}, {8.0, device.coarse_boost}};
    cv::Mat1f detail = cv::Mat1f::zeros(image.size());
    for (const auto& [sigma_mm, boost] : scales) {
        if (boost <= 0) continue;
        const double sigma = sigma_mm / frame.spacing_mm;
        detail += (image - wide_blur(image, std::max(0.6, sigma))) * boost;
    }
    image += detail;
}

}  // namespace

cv::Mat1f expose(const Frame& frame, const DeviceTraits& device, const Anatomy& anatomy, const Grains& grains,
                 Random& random) {
    const double mean = mean_attenuation(anatomy);
    cv::Mat1f signal = to_full(frame, anatomy.attenuation, cv::INTER_CUBIC);
    signal += grains.calcium_mm * kCalcificationAttenuation;
    signal = mean - signal;
    cv::exp(signal, signal);
    cv::min(signal, 4 * kSaturation, signal);
    // Scatter spreads about a centimetre; the sum is scaled so that mean tissue keeps its signal.
    const double spread_px = 10 * frame.size_scale / frame.spacing_mm;
    signal += wide_blur(signal, spread_px) * device.scatter_to_primary;
    signal *= 1 / (1 + device.scatter_to_primary);
    const double blur_px = device.blur_mm / frame.spacing_mm;
    if (blur_px > 0.2) cv::GaussianBlur(signal, signal, {}, blur_px, blur_px, cv::BORDER_REPLICATE);

    const double photons = device.photons_per_mm2 * frame.spacing_mm * frame.spacing_mm;
    const cv::Mat1f noise = noise_field(signal.size(), device.noise_blur_px, random);
    const auto relative = static_cast<float>(device.noise_gain / std::sqrt(photons));
    for (int row = 0; row < signal.rows; ++row) {
        for (int column = 0; column < signal.cols; ++column) {
            const float value = signal(row, column);
            // Poisson noise in its normal limit: the variance grows with the signal.
            signal(row, column) =
                std::clamp(value + relative * std::sqrt(std::max(value, 0.0F)) * noise(row, column),
                           0.02F * value, static_cast<float>(kSaturation));
        }
    }
    for (const Defect& defect : grains.defects)
        signal(defect.at) = std::min(signal(defect.at) * defect.gain, static_cast<float>(kSaturation));
    return signal;
}

cv::Mat1f raw_tone(const cv::Mat1f& signal, int bits) {
    const double greatest = static_cast<double>((1u << bits) - 1);
    cv::Mat1f tone = signal * (greatest / kSaturation) + 1.0;
    cv::log(tone, tone);
    return 1.0 - tone / std::log1p(greatest);
}

cv::Mat1f presentation_tone(const Frame& frame, const ExamTraits& exam, const Anatomy& anatomy,
                            cv::Mat1f signal) {
    const DeviceTraits& device = exam.device;
    cv::Mat1f image;
    cv::log(signal, image);
    image = -image;
    const cv::Mat1f thick = to_full(frame, anatomy.thickness_mm, cv::INTER_LINEAR);
    const double full_mm = exam.breast.thickness_mm;
    const cv::Mat air = thick <= 0;
    // The outermost border stays dark: no device lifts it out of the noise.
    cv::Mat1f lifted;
    cv::max(thick, 0.45 * full_mm, lifted);
    image += (full_mm - lifted) * (device.equalisation * kFatAttenuation);
    const double inside = 2.0 * frame.size_scale;
    const float thinnest = percentile(image, anatomy.edge_mm, frame.factor, 0.01, 0.5 * inside);
    image.setTo(thinnest, air);
    sharpen(frame, device, image);
    float low = percentile(image, anatomy.edge_mm, frame.factor, device.film ? 0.15 : 0.03, inside);
    float high = percentile(image, anatomy.edge_mm, frame.factor, 0.995, inside);
    const float span = std::max(high - low, 0.25F);
    low -= 0.25F * span;
    high += 0.20F * span;
    if (device.film) {
        // A film shows the unattenuated beam as black, through the same curve.
        image.setTo(low - span, air);
    }
    apply_curve(device, low, high, image);
    if (!device.film) image.setTo(0, air);
    return image;
}

void draw_overlay(const Frame& frame, const Overlay& overlay, cv::Mat1f& tone, Random& random) {
    const double brightness = random.uniform(0.85, 1.0);
    const int font = std::max(1, static_cast<int>(std::lround(5 * frame.size_scale / frame.spacing_mm)));
    const cv::Size text =
        cv::getTextSize(overlay.text, cv::FONT_HERSHEY_SIMPLEX, font / 22.0, std::max(1, font / 12), nullptr);
    cv::Mat1f label(text.height * 2, text.width + text.height,
                    overlay.film ? static_cast<float>(brightness) : 0.0F);
    cv::putText(label, overlay.text, cv::Point(text.height / 2, text.height * 3 / 2),
                cv::FONT_HERSHEY_SIMPLEX, font / 22.0, cv::Scalar(overlay.film ? 0.1 : brightness),
                std::max(1, font / 12), cv::LINE_AA);
    if (overlay.mirrored) cv::flip(label, label, 1);
    const cv::Rect place(tone.cols - label.cols - font,
                         static_cast<int>(random.uniform(0.02, 0.2) * tone.rows), label.cols, label.rows);
    const cv::Rect picture(0, 0, tone.cols, tone.rows);
    if ((place & picture) == place) {
        const cv::Rect working(place.x / frame.factor, place.y / frame.factor, place.width / frame.factor,
                               place.height / frame.factor);
        // Only where no breast is.
        if (cv::countNonZero(overlay.anatomy->thickness_mm(working)) == 0) label.copyTo(tone(place));
    }
    if (overlay.film) {
        const cv::Mat dust = overlay.grains->distractors == static_cast<int>(Distractor::film_dust);
        tone.setTo(brightness, dust);
        // A scratch takes some of the emulsion away: as bright as dust or only a little brighter than the
        // film.
        const double share = random.uniform(0.25, 0.9);
        const cv::Mat scratch = overlay.grains->distractors == static_cast<int>(Distractor::scratch);
        cv::Mat1f(tone + share * (brightness - tone)).copyTo(tone, scratch);
    }
}

}  // namespace calcnode::pipeline::phantom
