#include <string>

#include "dicom/command_set.h"
#include "dicom/commitment.h"
#include "dicom/error.h"
#include "dicom/library.h"
#include "dicom/uid.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

namespace {

template <typename Parse>
void attempt(Parse parse) {
    try {
        (void)parse();
    } catch (const dicom::Error&) {
        // The answer to bytes that are no such thing.
    }
}

}  // namespace

void message(Bytes input) {
    static const bool ready = (dicom::initialise_library(), true);
    (void)ready;
    std::string why;
    if (const auto command = dicom::parse_command_set(input, why)) (void)dicom::encode_command_set(*command);
    for (const char* syntax :
         {dicom::kImplicitLittleEndian, dicom::kExplicitLittleEndian, dicom::kExplicitBigEndian}) {
        attempt([&] {
            const dicom::CommitmentRequest request = dicom::parse_commitment_request(input, syntax);
            return dicom::encode_commitment_request(request, syntax);
        });
        attempt([&] {
            const dicom::CommitmentReport report = dicom::parse_commitment_report(input, syntax);
            return dicom::encode_commitment_report(report, syntax);
        });
    }
}

}  // namespace calcnode::fuzz
