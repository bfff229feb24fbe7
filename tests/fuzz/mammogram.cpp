#include "dicom/error.h"
#include "dicom/library.h"
#include "dicom/mammogram_reader.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

void mammogram(Bytes input) {
    static const bool ready = (dicom::initialise_library(), true);
    (void)ready;
    constexpr dicom::ReaderLimits kSmall{.pixels = 64 * 1024, .file_bytes = 1 << 20};
    const InputFile file(input);
    try {
        (void)dicom::read_mammogram(file.path(), kSmall);
    } catch (const dicom::Error&) {
        // The answer to a file that is no mammogram.
    }
}

}  // namespace calcnode::fuzz
