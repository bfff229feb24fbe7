// Every input that is kept in tests/fuzz/corpus, once more: seeds, what libFuzzer found worth keeping, and
// what once broke something. Ends well when nothing crashes (and, in the preset `dev`, no sanitizer speaks).
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {
namespace {

class FuzzCorpus : public ::testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, IsSurvived) {
    const std::filesystem::path folder =
        std::filesystem::path(CALCNODE_SOURCE_DIR) / "tests/fuzz/corpus" / GetParam().name;
    int inputs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        SCOPED_TRACE(entry.path().filename());
        std::ifstream file(entry.path(), std::ios::binary);
        const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
        const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
        GetParam().run({data, bytes.size()});
        for (const std::size_t cut : {bytes.size() / 2, bytes.size() * 9 / 10})
            GetParam().run({data, cut});
        ++inputs;
    }
    EXPECT_GE(inputs, 3) << folder;
}

INSTANTIATE_TEST_SUITE_P(Targets, FuzzCorpus, ::testing::ValuesIn(kTargets),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace calcnode::fuzz
