#include "dicom/error.h"
#include "dicom/instance_header.h"
#include "dicom/library.h"
#include "service/receiver_meta.h"
#include "tests/fuzz/input_file.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

void dataset(Bytes input) {
    static const bool ready = (dicom::initialise_library(), true);
    (void)ready;
    const InputFile file(input);
    if (const auto stored = service::read_file_meta(file.path()))
        (void)service::encode_file_meta(stored->meta);
    try {
        (void)dicom::read_instance_header(file.path());
    } catch (const dicom::Error&) {
        // The answer to a file that is no such thing.
    }
}

}  // namespace calcnode::fuzz
