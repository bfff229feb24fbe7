#include "config/config.h"

#include "config/loader.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

void config(Bytes input) {
    const InputFile file(input);
    try {
        (void)calcnode::config::load(file.path());
    } catch (const calcnode::config::Error&) {
        // All its mistakes.
    }
}

}  // namespace calcnode::fuzz
