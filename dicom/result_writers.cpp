#include "dicom/result_writers.h"

#include <memory>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcmetinf.h>

#include "dicom/attributes.h"
#include "dicom/cad_report_writer.h"
#include "dicom/check.h"
#include "dicom/durable_file.h"
#include "dicom/implementation.h"
#include "dicom/result_dataset.h"
#include "dicom/result_source.h"
#include "dicom/segmentation_writer.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

// PS3.10 7.1. DCMTK writes its own implementation into the meta information, or none of it: then the group
// length is ours to count.
void put_meta_information(DcmFileFormat& format) {
    constexpr Uint32 kGroupLengthElement = 12;
    check(format.validateMetaInfo(EXS_LittleEndianExplicit), "cannot make the meta information",
          ErrorCode::invalid_result);
    DcmMetaInfo& meta = *format.getMetaInfo();
    put(meta, DCM_ImplementationClassUID, kImplementationClassUid);
    put(meta, DCM_ImplementationVersionName, kImplementationVersionName);
    const Uint32 length = meta.getLength(EXS_LittleEndianExplicit);
    check(meta.putAndInsertUint32(DCM_FileMetaInformationGroupLength, length - kGroupLengthElement),
          "cannot make the meta information", ErrorCode::invalid_result);
}

ResultObject save(DcmFileFormat& format, ResultKind kind, const std::filesystem::path& folder) {
    put_meta_information(format);
    DcmItem& object = *format.getDataset();
    ResultObject result{.path = {},
                        .sop_class_uid = text_value(object, DCM_SOPClassUID),
                        .sop_instance_uid = text_value(object, DCM_SOPInstanceUID),
                        .transfer_syntax_uid = kExplicitLittleEndian,
                        .kind = kind};
    result.path = folder / (result.sop_instance_uid + ".dcm");
    write_durably(result.path, [&](const std::filesystem::path& part) {
        check(format.saveFile(part.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_withoutGL,
                              EPD_noChange, 0, 0, EWM_dontUpdateMeta),
              "cannot write " + part.string(), ErrorCode::file_error);
    });
    return result;
}

}  // namespace

std::vector<ResultObject> write_results(const std::vector<ImageResult>& images, const ResultOptions& options,
                                        const std::filesystem::path& folder) {
    const std::vector<ResultSource> sources = read_result_sources(images);
    std::vector<ResultObject> results;
    std::vector<SegmentationReference> segmentations;
    for (const ResultSource& source : sources) {
        if (source.findings().status != pipeline::ImageStatus::analysed) continue;
        const std::unique_ptr<DcmFileFormat> segmentation = make_segmentation(source, options);
        if (!segmentation) continue;
        results.push_back(save(*segmentation, ResultKind::segmentation, folder));
        segmentations.push_back({text_value(*segmentation->getDataset(), DCM_SeriesInstanceUID),
                                 results.back().sop_instance_uid});
    }
    const std::unique_ptr<DcmFileFormat> report = make_cad_report(sources, segmentations, options);
    results.push_back(save(*report, ResultKind::cad_sr, folder));
    sync_folder(folder);
    return results;
}

}  // namespace calcnode::dicom
