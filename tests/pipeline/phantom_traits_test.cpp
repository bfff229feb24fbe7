#include "pipeline/phantom_traits.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace calcnode::pipeline::phantom {
namespace {

using Parameter = std::function<double(const ExamTraits&)>;

std::vector<double> drawn(PhantomFamily family, const Parameter& parameter) {
    std::vector<double> values;
    for (std::uint64_t seed = 1; seed <= 400; ++seed)
        values.push_back(parameter(draw_exam(seed, family)));
    return values;
}

/// True when some value of one family has another of the same family on the far side of a value of the other
/// within `step`: the intervals meet.
bool meet(const std::vector<double>& one, const std::vector<double>& other, double step) {
    for (const double a : one) {
        for (const double b : other) {
            if (std::abs(a - b) < step) return true;
        }
    }
    return false;
}

TEST(PhantomTraits, HeldOutDevicesHaveNoParameterOfATrainedOne) {
    const std::vector<std::pair<Parameter, double>> parameters = {
        {[](const ExamTraits& exam) { return exam.device.blur_mm; }, 0.001},
        {[](const ExamTraits& exam) { return exam.device.noise_blur_px; }, 0.02},
        {[](const ExamTraits& exam) { return exam.device.scatter_to_primary; }, 0.02},
        {[](const ExamTraits& exam) { return exam.breast.roughness; }, 0.02},
        {[](const ExamTraits& exam) { return exam.breast.fibres; }, 0.02},
        {[](const ExamTraits& exam) { return exam.breast.lobules; }, 0.005}};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const auto& [parameter, step] = parameters[i];
        EXPECT_FALSE(
            meet(drawn(PhantomFamily::training, parameter), drawn(PhantomFamily::held_out, parameter), step))
            << "parameter " << i;
    }
}

TEST(PhantomTraits, BothFamiliesHaveEveryKindOfDeviceUnderNamesOfTheirOwn) {
    std::set<std::string> training, held_out;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        training.insert(draw_exam(seed, PhantomFamily::training).device.identity.model);
        held_out.insert(draw_exam(seed, PhantomFamily::held_out).device.identity.model);
    }
    EXPECT_EQ(training.size(), 5u);
    EXPECT_EQ(held_out.size(), 5u);
    for (const std::string& model : held_out)
        EXPECT_FALSE(training.contains(model)) << model;
}

TEST(PhantomTraits, DensityLettersAreQuarters) {
    BreastTraits breast;
    for (const auto& [density, letter] :
         {std::pair{0.0, 'a'}, {0.24, 'a'}, {0.26, 'b'}, {0.6, 'c'}, {0.8, 'd'}, {1.0, 'd'}}) {
        breast.density = density;
        EXPECT_EQ(density_letter(breast), letter) << density;
    }
}

}  // namespace
}  // namespace calcnode::pipeline::phantom
