#include "pipeline/phantom_traits.h"

#include "pipeline/phantom_random.h"

namespace calcnode::pipeline::phantom {

namespace {

BreastTraits draw_breast(Random& random) {
    BreastTraits breast;
    breast.density = random.uniform(0, 1);
    breast.thickness_mm = random.uniform(32, 68);
    breast.margin_mm = random.uniform(8, 20);
    breast.depth_fraction = random.uniform(0.55, 0.85);
    breast.height_fraction = random.uniform(0.33, 0.46);
    breast.fibres = random.uniform(0.3, 1);
    breast.vessels = random.integer(1, 4);
    breast.vessels_calcified = random.chance(0.25);
    return breast;
}

/// Direct detector, strong contrast, border equalised.
void direct_conversion(DeviceTraits& device, Random& random) {
    device.identity.model = "Phantom Direct";
    device.blur_mm = random.uniform(0.020, 0.040);
    device.noise_blur_px = random.uniform(0.2, 0.4);
    device.equalisation = random.uniform(0.6, 0.9);
    device.fine_boost = random.uniform(0.2, 0.9);
    device.mid_boost = random.uniform(0.2, 0.7);
    device.coarse_boost = random.uniform(0.0, 0.4);
    device.curve = ToneCurve::sigmoid;
    device.steepness = random.uniform(3.0, 5.0);
}

/// Scintillator detector, softer, multi-scale processing.
void indirect_conversion(DeviceTraits& device, Random& random) {
    device.identity.model = "Phantom Indirect";
    device.blur_mm = random.uniform(0.045, 0.075);
    device.noise_blur_px = random.uniform(0.4, 0.7);
    device.equalisation = random.uniform(0.5, 0.85);
    device.fine_boost = random.uniform(0.5, 1.4);
    device.mid_boost = random.uniform(0.3, 1.0);
    device.coarse_boost = random.uniform(0.1, 0.6);
    device.curve = ToneCurve::sigmoid;
    device.steepness = random.uniform(2.0, 4.0);
}

/// Photon counting, little noise correlation, plain log image with a gamma.
void counting(DeviceTraits& device, Random& random) {
    device.identity.model = "Phantom Counting";
    device.blur_mm = random.uniform(0.025, 0.045);
    device.noise_blur_px = 0;
    device.equalisation = random.uniform(0.3, 0.8);
    device.fine_boost = random.uniform(0.0, 0.5);
    device.mid_boost = random.uniform(0.0, 0.5);
    device.coarse_boost = 0;
    device.curve = ToneCurve::gamma;
    device.steepness = random.uniform(0.8, 1.5);
}

/// Storage phosphor (CR): blurred, noisy, hardly equalised.
void storage_phosphor(DeviceTraits& device, Random& random) {
    device.identity.model = "Phantom Phosphor";
    device.blur_mm = random.uniform(0.06, 0.10);
    device.noise_blur_px = random.uniform(0.3, 0.6);
    device.photons_per_mm2 *= 0.6;
    device.equalisation = random.uniform(0.0, 0.4);
    device.fine_boost = random.uniform(0.3, 1.2);
    device.mid_boost = random.uniform(0.2, 0.6);
    device.coarse_boost = random.uniform(0.0, 0.3);
    device.curve = random.chance(0.5) ? ToneCurve::linear : ToneCurve::sigmoid;
    device.steepness = random.uniform(2.0, 4.0);
}

/// Digitised film: characteristic curve, grain, dust, dark border.
void digitised_film(DeviceTraits& device, Random& random) {
    device.identity.model = "Phantom Film";
    device.film = true;
    device.blur_mm = random.uniform(0.03, 0.07);
    device.noise_blur_px = random.uniform(0.3, 0.8);
    device.curve = ToneCurve::sigmoid;
    device.steepness = random.uniform(3.5, 6.0);
}

}  // namespace

ExamTraits draw_exam(std::uint64_t seed) {
    Random random(seed, 0);
    ExamTraits exam;
    exam.breast = draw_breast(random);
    DeviceTraits& device = exam.device;
    device.identity.manufacturer = "calcnode";
    device.identity.serial_number = "PH" + std::to_string(random.integer(1000, 9999));
    device.identity.software_versions = CALCNODE_VERSION;
    device.photons_per_mm2 = random.log_uniform(2e5, 8e5);
    device.scatter_to_primary = random.uniform(0.1, 0.4);
    device.lowest = random.uniform(0.02, 0.15);
    device.highest = random.uniform(0.80, 0.98);
    constexpr void (*kFamilies[])(DeviceTraits&, Random&) = {direct_conversion, indirect_conversion, counting,
                                                             storage_phosphor, digitised_film};
    kFamilies[random.integer(0, 4)](device, random);
    return exam;
}

}  // namespace calcnode::pipeline::phantom
