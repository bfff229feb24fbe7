// A phantom as a conformant MG instance (PS3.3 A.26): for `calcnode-lab phantom`, for tests and demonstrations.
#pragma once

#include <filesystem>
#include <string>

#include "pipeline/phantom.h"

namespace calcnode::dicom {

struct PhantomExamContext {
    std::string patient_id = "PHANTOM-1";
    std::string patient_name = "Phantom^Breast";
    std::string accession_number = "PH0001";
    std::uint64_t seed = 1;        // with the fields above makes every UID of the exam
    bool monochrome1 = false;      // store inverted, photometric interpretation MONOCHROME1
    int instance_number = 1;
};

/// Writes Explicit VR Little Endian; passes dciodvfy without an Error. Same input, same bytes. For Processing images
/// are written as raw linear exposure (Pixel Intensity Relationship LIN, sign +1), so that the reader's conversion gives
/// back the phantom's sense. Throws Error file_error or invalid_result.
void write_phantom(const pipeline::Phantom& phantom, const PhantomExamContext& context,
                   const std::filesystem::path& file);

}  // namespace calcnode::dicom
