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
#include "dicom/key_image_writer.h"
#include "dicom/measurement_report_writer.h"
#include "dicom/presentation_state_writer.h"
#include "dicom/probability_map_writer.h"
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

/// Saves objects one after the other: no more than one is in memory.
class Saver {
  public:
    Saver(CodeScheme code_scheme, std::filesystem::path folder)
        : code_scheme_(code_scheme), folder_(std::move(folder)) {}

    /// Nothing happens for null: there is nothing of that kind to say.
    void save(const std::unique_ptr<DcmFileFormat>& format, ResultKind kind) {
        if (!format) return;
        put_meta_information(*format);
        DcmItem& object = *format->getDataset();
        ResultObject result{.path = {},
                            .sop_class_uid = text_value(object, DCM_SOPClassUID),
                            .sop_instance_uid = text_value(object, DCM_SOPInstanceUID),
                            .series_instance_uid = text_value(object, DCM_SeriesInstanceUID),
                            .transfer_syntax_uid = kExplicitLittleEndian,
                            .kind = kind,
                            .code_scheme = code_scheme_};
        result.path = folder_ / (result.sop_instance_uid + ".dcm");
        write_durably(result.path, [&](const std::filesystem::path& part) {
            check(format->saveFile(part.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_withoutGL,
                                   EPD_noChange, 0, 0, EWM_dontUpdateMeta),
                  "cannot write " + part.string(), ErrorCode::file_error);
        });
        results_.push_back(std::move(result));
    }

    std::vector<SegmentationReference> segmentations() const {
        std::vector<SegmentationReference> references;
        for (const ResultObject& result : results_) {
            if (result.kind == ResultKind::segmentation)
                references.push_back({result.series_instance_uid, result.sop_instance_uid});
        }
        return references;
    }

    std::vector<ResultObject> take() && { return std::move(results_); }

  private:
    CodeScheme code_scheme_;
    std::filesystem::path folder_;
    std::vector<ResultObject> results_;
};

void save_kind(ResultKind kind, const std::vector<ResultSource>& sources, const ResultOptions& options,
               Saver& saver) {
    const auto for_each_analysed = [&](auto make) {
        for (const ResultSource& source : sources) {
            if (source.findings().status == pipeline::ImageStatus::analysed)
                saver.save(make(source, options), kind);
        }
    };
    switch (kind) {
        case ResultKind::segmentation:
            return for_each_analysed(make_segmentation);
        case ResultKind::cad_sr:
            return saver.save(make_cad_report(sources, saver.segmentations(), options), kind);
        case ResultKind::measurement_report:
            return saver.save(make_measurement_report(sources, saver.segmentations(), options), kind);
        case ResultKind::presentation_state:
            for (const auto& state : make_presentation_states(sources, options))
                saver.save(state, kind);
            return;
        case ResultKind::secondary_capture:
            return for_each_analysed(make_key_image_object);
        case ResultKind::probability_map:
            return for_each_analysed(make_probability_map);
    }
}

}  // namespace

std::vector<ResultObject> write_results(const std::vector<ImageResult>& images, const ResultOptions& options,
                                        const std::filesystem::path& folder) {
    const std::vector<ResultSource> sources = read_result_sources(images);
    Saver saver(options.code_scheme, folder);
    for (const ResultKind kind : options.kinds)  // in their order: reports list the segmentations
        save_kind(kind, sources, options, saver);
    sync_folder(folder);
    return std::move(saver).take();
}

}  // namespace calcnode::dicom
