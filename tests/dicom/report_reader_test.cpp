// What the writers of reports wrote is what the dashboard reads.
#include "dicom/report_reader.h"

#include <algorithm>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/error.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

class ReportReader : public testing::TestWithParam<CodeScheme> {
  protected:
    void write() {
        study_.options.code_scheme = GetParam();
        objects_ = study_.write();
    }
    std::filesystem::path file(ResultKind kind) const {
        for (const ResultObject& object : objects_)
            if (object.kind == kind) return object.path;
        ADD_FAILURE() << "no such object";
        return {};
    }
    Study study_;
    std::vector<ResultObject> objects_;
};
INSTANTIATE_TEST_SUITE_P(Schemes, ReportReader, testing::Values(CodeScheme::sct, CodeScheme::srt));

TEST_P(ReportReader, GivesTheClustersOfEachImageWithTheirGrains) {
    add_cluster(study_.add(), 3);
    study_.add();
    ImageResult& third = study_.add();
    add_cluster(third, 4);
    add_cluster(third, 2);
    write();
    const auto images = read_cad_report(file(ResultKind::cad_sr));
    ASSERT_EQ(images.size(), 3u);
    EXPECT_EQ(images[0].sop_instance_uid, image_uid(1));
    EXPECT_EQ(images[0].clusters.size(), 1u);
    EXPECT_TRUE(images[1].clusters.empty());
    ASSERT_EQ(images[2].clusters.size(), 2u);
    for (std::size_t i = 0; i < 2; ++i) {
        const ReportedCluster& read = images[2].clusters[i];
        const pipeline::ImageFindings& findings = study_.images[2].findings;
        const pipeline::Cluster& written = findings.clusters[i];
        EXPECT_NEAR(read.certainty, written.score, 0.006);
        EXPECT_EQ(read.calcifications, static_cast<int>(written.members.size()));
        EXPECT_NEAR(read.center.x, written.centroid.x, 0.01);
        EXPECT_NEAR(read.center.y, written.centroid.y, 0.01);
        EXPECT_EQ(read.outline.size(), written.outline.size());
        ASSERT_EQ(read.reported.size(), written.members.size());
        const auto& grain = findings.calcifications[static_cast<std::size_t>(written.members.front())];
        EXPECT_NEAR(read.reported.front().area_mm2, grain.area_mm2, 0.001);
        EXPECT_FALSE(read.reported.front().outline.empty());
    }
}

TEST_P(ReportReader, JoinsTheMeasurementsToTheirCluster) {
    pipeline::Cluster& cluster = add_cluster(study_.add(), 3);
    cluster.long_axis_mm = 6.25;
    write();
    auto images = read_cad_report(file(ResultKind::cad_sr));
    add_measurements(images, file(ResultKind::measurement_report));
    ASSERT_EQ(images.at(0).clusters.size(), 1u);
    const auto& measurements = images[0].clusters[0].measurements;
    const auto found = std::find_if(measurements.begin(), measurements.end(),
                                    [](const ReportedMeasurement& one) { return one.name == "Long axis"; });
    ASSERT_NE(found, measurements.end());
    EXPECT_NEAR(found->value, 6.25, 0.001);
    EXPECT_EQ(found->unit, "mm");
}

TEST_P(ReportReader, SaysWhyAnImageHasNoFindings) {
    study_.add();
    set_failed(study_.add(), "the pixels cannot be decoded");
    set_not_attempted(study_.add(), "magnification view");
    write();
    const auto images = read_cad_report(file(ResultKind::cad_sr));
    ASSERT_EQ(images.size(), 3u);
    EXPECT_EQ(images[0].status, "analysed");
    EXPECT_EQ(images[1].status, "failed");
    EXPECT_EQ(images[1].reason, "the pixels cannot be decoded");
    EXPECT_EQ(images[2].status, "not_attempted");
    EXPECT_EQ(images[2].reason, "magnification view");
}

TEST(ReportReaderErrors, RefusesWhatIsNoDicomFile) {
    TemporaryFolder folder;
    const std::filesystem::path path = folder / "report.dcm";
    std::ofstream(path) << "nothing of the kind";
    try {
        (void)read_cad_report(path);
        FAIL() << "it was read";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_dicom);
    }
}

}  // namespace
}  // namespace calcnode::dicom
