// libFuzzer's entry: the environment variable FUZZ_TARGET names the target (tests/fuzz/run).
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/targets.h"

namespace {

const calcnode::fuzz::Target& chosen() {
    const char* name = std::getenv("FUZZ_TARGET");
    for (const auto& target : calcnode::fuzz::kTargets) {
        if (name != nullptr && std::string_view(name) == target.name) return target;
    }
    std::fputs("FUZZ_TARGET names no target of tests/fuzz/targets.h\n", stderr);
    std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    static const calcnode::fuzz::Target& target = chosen();
    target.run({data, size});
    return 0;
}
