#include "pipeline/phantom_traits.h"

#include <algorithm>
#include <cmath>

#include "pipeline/phantom_random.h"

namespace calcnode::pipeline::phantom {

namespace {

/// Where the two families draw a parameter from. Over all devices together, no interval of one family's blur,
/// noise correlation, scatter, processing or texture meets one of the other's.
struct Range {
    double low = 0;
    double high = 0;
};
class Draw {
  public:
    Draw(Random& random, PhantomFamily family)
        : random_(random), held_out_(family == PhantomFamily::held_out) {}
    double operator()(Range training, Range held_out) {
        const Range& range = held_out_ ? held_out : training;
        return random_.uniform(range.low, range.high);
    }
    bool held_out() const { return held_out_; }
    Random& random() { return random_; }

  private:
    Random& random_;
    bool held_out_;
};

BreastTraits draw_breast(Draw& draw) {
    Random& random = draw.random();
    BreastTraits breast;
    breast.density = random.uniform(0, 1);
    breast.thickness_mm = random.uniform(32, 68);
    breast.margin_mm = random.uniform(8, 20);
    breast.depth_fraction = random.uniform(0.55, 0.85);
    breast.height_fraction = random.uniform(0.33, 0.46);
    breast.fibres = draw({0.3, 0.9}, {0.95, 1.2});
    breast.roughness = draw({-0.15, 0.15}, {0.2, 0.4});
    if (draw.held_out() && random.chance(0.5)) breast.roughness = -breast.roughness;
    breast.lobules = draw({0.09, 0.14}, {0.15, 0.19});
    breast.vessels = random.integer(1, 4);
    breast.vessels_calcified = random.chance(0.25);
    return breast;
}

// Held-out blur lies between that of the sharp and that of the soft devices, or beyond both.
constexpr Range kBetweenBlurs{0.037, 0.044};
constexpr Range kHeldOutCorrelation{0.70, 0.95};

void draw_boosts(DeviceTraits& device, Draw& draw, const Range (&training)[3]) {
    device.fine_boost = draw(training[0], {1.3, 1.9});
    device.mid_boost = draw(training[1], {0.95, 1.3});
    device.coarse_boost = draw(training[2], {0.65, 0.9});
}

/// Direct detector, strong contrast, border equalised.
void direct_conversion(DeviceTraits& device, Draw& draw) {
    device.identity.model = "Phantom Direct";
    device.blur_mm = draw({0.020, 0.035}, kBetweenBlurs);
    device.noise_blur_px = draw({0.25, 0.4}, kHeldOutCorrelation);
    device.equalisation = draw({0.55, 0.8}, {0.86, 0.97});
    draw_boosts(device, draw, {{0.2, 0.9}, {0.2, 0.7}, {0.0, 0.4}});
    device.curve = ToneCurve::sigmoid;
    device.steepness = draw({3.0, 5.0}, {5.6, 7.0});
}

/// Scintillator detector, softer, multi-scale processing.
void indirect_conversion(DeviceTraits& device, Draw& draw) {
    device.identity.model = "Phantom Indirect";
    device.blur_mm = draw({0.046, 0.075}, kBetweenBlurs);
    device.noise_blur_px = draw({0.4, 0.65}, kHeldOutCorrelation);
    device.equalisation = draw({0.5, 0.82}, {0.86, 0.97});
    draw_boosts(device, draw, {{0.5, 1.2}, {0.3, 0.9}, {0.1, 0.6}});
    device.curve = ToneCurve::sigmoid;
    device.steepness = draw({2.0, 4.0}, {5.6, 7.0});
}

/// Photon counting, little noise correlation, plain log image with a gamma.
void counting(DeviceTraits& device, Draw& draw) {
    device.identity.model = "Phantom Counting";
    device.blur_mm = draw({0.025, 0.035}, kBetweenBlurs);
    device.noise_blur_px = draw({0, 0}, kHeldOutCorrelation);
    device.equalisation = draw({0.3, 0.8}, {0.86, 0.97});
    draw_boosts(device, draw, {{0.0, 0.5}, {0.0, 0.5}, {0.0, 0.0}});
    device.curve = ToneCurve::gamma;
    device.steepness = draw({0.8, 1.4}, {1.5, 1.9});
}

/// Storage phosphor (CR): blurred, noisy, hardly equalised.
void storage_phosphor(DeviceTraits& device, Draw& draw) {
    device.identity.model = "Phantom Phosphor";
    device.blur_mm = draw({0.06, 0.09}, {0.095, 0.115});
    device.noise_blur_px = draw({0.3, 0.6}, kHeldOutCorrelation);
    device.photons_per_mm2 *= 0.6;
    device.equalisation = draw({0.0, 0.4}, {0.86, 0.97});
    draw_boosts(device, draw, {{0.3, 1.2}, {0.2, 0.6}, {0.0, 0.3}});
    device.curve = draw.random().chance(0.5) && !draw.held_out() ? ToneCurve::linear : ToneCurve::sigmoid;
    device.steepness = draw({2.0, 4.0}, {5.6, 7.0});
}

/// Digitised film: characteristic curve, grain, dust, dark border.
void digitised_film(DeviceTraits& device, Draw& draw) {
    device.identity.model = "Phantom Film";
    device.film = true;
    device.blur_mm = draw({0.046, 0.07}, kBetweenBlurs);
    device.noise_blur_px = draw({0.3, 0.65}, kHeldOutCorrelation);
    device.curve = ToneCurve::sigmoid;
    device.steepness = draw({3.5, 5.4}, {5.6, 7.0});
}

}  // namespace

ExamTraits draw_exam(std::uint64_t seed, PhantomFamily family) {
    Random random(seed, 0);
    Draw draw(random, family);
    ExamTraits exam;
    exam.breast = draw_breast(draw);
    DeviceTraits& device = exam.device;
    device.identity.manufacturer = "calcnode";
    device.identity.serial_number = "PH" + std::to_string(random.integer(1000, 9999));
    device.identity.software_versions = CALCNODE_VERSION;
    device.photons_per_mm2 = random.log_uniform(2e5, 8e5);
    device.scatter_to_primary = draw({0.1, 0.38}, {0.42, 0.55});
    device.lowest = random.uniform(0.02, 0.15);
    device.highest = random.uniform(0.80, 0.98);
    constexpr void (*kDevices[])(DeviceTraits&, Draw&) = {direct_conversion, indirect_conversion, counting,
                                                          storage_phosphor, digitised_film};
    kDevices[random.integer(0, 4)](device, draw);
    if (draw.held_out()) device.identity.model += " II";
    return exam;
}

DeviceTraits under_condition(DeviceTraits device, const PhantomCondition& condition) {
    device.photons_per_mm2 *= condition.dose;
    device.noise_gain *= condition.noise;
    device.blur_mm = std::hypot(device.blur_mm, condition.blur_mm);
    switch (condition.curve) {
        case ContrastCurve::of_device:
            break;
        case ContrastCurve::linear:
            device.curve = ToneCurve::linear;
            break;
        case ContrastCurve::sigmoid:
            device.curve = ToneCurve::sigmoid;
            device.steepness = 3;
            break;
        case ContrastCurve::gamma:
            device.curve = ToneCurve::gamma;
            device.steepness = 1.3;
            break;
        case ContrastCurve::steep:
            device.curve = ToneCurve::sigmoid;
            device.steepness = 8;
            break;
    }
    return device;
}

char density_letter(const BreastTraits& breast) {
    return static_cast<char>('a' + std::clamp(static_cast<int>(4 * breast.density), 0, 3));
}

}  // namespace calcnode::pipeline::phantom
