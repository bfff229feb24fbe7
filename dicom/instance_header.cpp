#include "dicom/instance_header.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/check.h"
#include "dicom/dataset_scan.h"
#include "dicom/header_fields.h"

namespace calcnode::dicom {

namespace {

// DCMTK stops at Pixel Data: nothing of it is read, which matters for a deflated data set.
void load_header(DcmFileFormat& format, const std::filesystem::path& file, const DcmTagKey& stop) {
    check(format.loadFileUntilTag(file.c_str(), EXS_Unknown, EGL_noChange, DCM_MaxReadLength, ERM_fileOnly,
                                  stop),
          "cannot read the header of " + file.filename().string());
}

bool has_uids(DcmItem& dataset) {
    return dataset.tagExists(DCM_SOPClassUID) && dataset.tagExists(DCM_SOPInstanceUID) &&
           dataset.tagExists(DCM_StudyInstanceUID) && dataset.tagExists(DCM_SeriesInstanceUID);
}

}  // namespace

InstanceHeader read_instance_header(const std::filesystem::path& file) {
    const ScanResult scan = scan_dataset(file);
    DcmFileFormat format;
    load_header(format, file, DCM_PixelData);
    if (scan.has_pixel_data && !has_uids(*format.getDataset())) {
        // Pixel Data before its turn: the identifiers come after it.
        load_header(format, file, DCM_UndefinedTagKey);
    }
    return header_fields(*format.getDataset(), scan.transfer_syntax_uid);
}

}  // namespace calcnode::dicom
