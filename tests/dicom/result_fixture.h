// Studies of small mammograms with findings made in code, and a reader of the result objects, for the tests
// of the result writers.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/report_document.h"
#include "dicom/result_source.h"
#include "dicom/result_writers.h"
#include "tests/dicom/instance_fixture.h"

namespace calcnode::dicom::fixture {

inline constexpr const char* kStudyUid = "1.2.826.0.1.3680043.2.1143.2";

/// A study in a temporary folder. Image number n (from 1) has the SOP Instance UID image_uid(n).
class Study {
  public:
    explicit Study(int rows = 61, int columns = 43) : options_{.rows = rows, .columns = columns} {}

    /// The next image, of the status "analysed" and without findings; `change` is applied to its data set.
    ImageResult& add() {
        return add([](DcmDataset&) {});
    }
    template <typename Change>
    ImageResult& add(Change change) {
        const std::unique_ptr<DcmFileFormat> instance = next_instance();
        change(*instance->getDataset());
        return keep(*instance);
    }

    std::vector<ResultObject> write() { return write_results(images, options, folder()); }
    /// What the writers of reports are given; it refers to `images`.
    std::vector<ResultSource> sources() const { return read_result_sources(images); }
    std::vector<SegmentationReference> segmentations() const;
    std::unique_ptr<DcmFileFormat> cad_report() const;
    std::unique_ptr<DcmFileFormat> measurement_report() const;
    std::filesystem::path folder() const { return folder_ / "results"; }

    std::vector<ImageResult> images;
    ResultOptions options{.model = {.name = "cascade", .version = "1.2", .digest = "ab12"},
                          .config_digest = "cd34",
                          .device_serial_number = "SN7",
                          .institution = {}};

  private:
    std::unique_ptr<DcmFileFormat> next_instance() const;
    ImageResult& keep(DcmFileFormat& instance);

    ImageOptions options_;
    TemporaryFolder folder_;
};

std::string image_uid(int number);

/// Adds a cluster of `size` calcifications, each of a few pixels, in a row of its own below the earlier
/// clusters; its score is 0.9, 0.8 ...
pipeline::Cluster& add_cluster(ImageResult& image, int size);
/// One calcification of a single pixel; in no cluster.
void add_calcification(ImageResult& image, int row, int column, double score);

void set_failed(ImageResult& image, const std::string& reason);
void set_not_attempted(ImageResult& image, const std::string& reason);

std::unique_ptr<DcmFileFormat> load(const ResultObject& object);
std::unique_ptr<DcmFileFormat> load_report(const std::vector<ResultObject>& objects);

/// A value as the file has it, all of it; "" when absent.
std::string value(DcmItem& item, const DcmTagKey& tag);
DcmItem& item(DcmItem& parent, const DcmTagKey& sequence, long index = 0);
long count(DcmItem& parent, const DcmTagKey& sequence);
/// Code Value of the code in `sequence`.
std::string code(DcmItem& parent, const DcmTagKey& sequence);

/// Direct children of a content item with this concept name (Code Value).
std::vector<DcmItem*> children(DcmItem& content, const std::string& concept_name);
DcmItem& child(DcmItem& content, const std::string& concept_name);

/// Bit `pixel` of frame `frame` of a BINARY segmentation.
bool bit(DcmDataset& segmentation, int frame, int row, int column);

}  // namespace calcnode::dicom::fixture
