// The small parts of the result writers: text that fits, outlines, durable files, the last check.
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <gtest/gtest.h>

#include "dicom/durable_file.h"
#include "dicom/outline.h"
#include "dicom/result_check.h"
#include "dicom/result_text.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;
using pipeline::Point;

TEST(ResultText, FitsTextToItsPlace) {
    EXPECT_EQ(fit_text("  a\\b\nc ", 64, Repertoire::ascii), "a/b c");
    EXPECT_EQ(fit_text("K\xc3\xb6ln", 64, Repertoire::ascii), "K?ln");
    EXPECT_EQ(fit_text("K\xc3\xb6ln", 64, Repertoire::utf8), "K\xc3\xb6ln");
    EXPECT_EQ(fit_text("K\xc3\xb6ln", 2, Repertoire::utf8), "K\xc3\xb6");
    EXPECT_EQ(fit_text("\xff\xc3", 64, Repertoire::utf8), "??");
    EXPECT_EQ(fit_text("", 64, Repertoire::utf8), "");
}

TEST(ResultText, CountsCharactersOfUtf8) {
    EXPECT_EQ(utf8_length("K\xc3\xb6ln"), 4u);
    EXPECT_EQ(utf8_length("\xf0\x9f\x98\x80"), 1u);
    for (const char* bad : {"\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x80"})
        EXPECT_FALSE(utf8_length(bad).has_value());
}

TEST(ResultText, DecimalsFitADs) {
    EXPECT_EQ(decimal(0.07), "0.07");
    EXPECT_EQ(decimal(90), "90");
    EXPECT_EQ(decimal(1.0 / 3), "0.333333");
    EXPECT_EQ(decimal(123.45678949), "123.456789");  // to six decimals, as findings.json
    EXPECT_EQ(decimal(100000), "100000");
    EXPECT_EQ(decimal(-0.0000001), "0");
    EXPECT_EQ(decimal(-123456789.123457), "-123456789");
    EXPECT_LE(decimal(-1.23456789e-300).size(), 16u);
    EXPECT_EQ(error_of([] { decimal(std::nan("")); }, ErrorCode::invalid_result), "");
    EXPECT_EQ(error_of([] { decimal(std::numeric_limits<double>::infinity()); }, ErrorCode::invalid_result),
              "");
}

TEST(ResultText, OnlyLegalDatesAndTimesPass) {
    for (const char* good : {"20240131", "19000101"})
        EXPECT_EQ(legal_date(good), good);
    for (const char* bad : {"", "2024.01.31", "20241301", "20240132", "2024013", "00000101", "2024013a"})
        EXPECT_EQ(legal_date(bad), "");
    for (const char* good : {"10", "1011", "101112", "101112.5", "101112.123456", "235960"})
        EXPECT_EQ(legal_time(good), good);
    for (const char* bad :
         {"", "1", "24", "1060", "101161", "10:11:12", "1011.5", "101112.", "101112.1234567"})
        EXPECT_EQ(legal_time(bad), "");
}

TEST(Outline, ClosesAndKeepsWithinTheImage) {
    const std::vector<Point> open = {{1, 1}, {5, 1}, {5, 1}, {5, 5}};
    const std::vector<Point> closed = {{1, 1}, {5, 1}, {5, 5}, {1, 1}};
    EXPECT_EQ(closed_outline(open, {10, 10}), closed);
    EXPECT_EQ(closed_outline(closed, {10, 10}), closed);
    const std::vector<Point> outside = {{-1, -1}, {20, -1}, {20, 20}};
    EXPECT_EQ(closed_outline(outside, {10, 12}), (std::vector<Point>{{0, 0}, {12, 0}, {12, 10}, {0, 0}}));
}

TEST(Outline, TooFewPointsAreNoOutline) {
    EXPECT_TRUE(closed_outline({}, {10, 10}).empty());
    EXPECT_TRUE(closed_outline(std::vector<Point>{{1, 1}, {2, 2}, {1, 1}}, {10, 10}).empty());
    EXPECT_TRUE(closed_outline(std::vector<Point>(5, Point{1, 1}), {10, 10}).empty());
}

TEST(Outline, KeepsAtMostAHundredPoints) {
    std::vector<Point> circle;
    for (int i = 0; i < 1000; ++i)
        circle.push_back({50 + 40 * std::cos(i * 0.00628), 50 + 40 * std::sin(i * 0.00628)});
    const auto outline = closed_outline(circle, {100, 100});
    EXPECT_EQ(outline.size(), kMaxOutlinePoints);
    EXPECT_EQ(outline.front(), outline.back());
    EXPECT_EQ(outline.front(), circle.front());
}

TEST(Outline, RefusesCoordinatesThatAreNone) {
    const std::vector<Point> bad = {{1, 1}, {std::nan(""), 1}, {5, 5}};
    EXPECT_EQ(error_of([&] { closed_outline(bad, {10, 10}); }, ErrorCode::invalid_result), "");
    EXPECT_EQ(error_of([] { point_within({std::nan(""), 1}, {10, 10}); }, ErrorCode::invalid_result), "");
    EXPECT_EQ(error_of([] { point_within({11, 1}, {10, 10}); }, ErrorCode::invalid_result), "");
    EXPECT_EQ(point_within({10, 0}, {10, 10}), (Point{10, 0}));
}

void write_text(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file) << text;
}

std::string read_text(const std::filesystem::path& file) {
    const auto bytes = read_bytes(file);
    return {bytes.begin(), bytes.end()};
}

TEST(DurableFile, ReplacesTheFileOnlyWhenAllIsWritten) {
    TemporaryFolder folder;
    const auto file = folder / "file";
    write_durably(file, [](const auto& part) { write_text(part, "old"); });
    EXPECT_EQ(read_text(file), "old");
    const auto fail_halfway = [&] {
        write_durably(file, [](const auto& part) {
            write_text(part, "ne");
            throw Error(ErrorCode::invalid_result, "no");
        });
    };
    EXPECT_EQ(error_of(fail_halfway, ErrorCode::invalid_result), "");
    EXPECT_EQ(read_text(file), "old");
    EXPECT_FALSE(std::filesystem::exists(folder / "file.part"));
    write_durably(file, [](const auto& part) { write_text(part, "new"); });
    EXPECT_EQ(read_text(file), "new");
    sync_folder(file.parent_path());
}

TEST(DurableFile, SaysWhatItCannotDo) {
    TemporaryFolder folder;
    const auto nothing = [](const std::filesystem::path&) {};
    EXPECT_EQ(error_of([&] { write_durably(folder / "file", nothing); }, ErrorCode::file_error), "");
    EXPECT_EQ(error_of([&] { sync_folder(folder / "missing"); }, ErrorCode::file_error), "");
}

class ResultCheck : public ::testing::Test {
  protected:
    ResultCheck() {
        add_cluster(study_.add(), 3);
        add_cluster(study_.images[0], 3);
        const auto objects = study_.write();
        segmentation_ = load(objects.front());
        report_ = load(objects.back());
        sources_ = read_result_sources(study_.images);
    }
    template <typename Change>
    std::string segmentation_refused(Change change) {
        DcmDataset changed(*segmentation_->getDataset());
        change(changed);
        return error_of([&] { check_segmentation(changed, sources_.at(0)); }, ErrorCode::invalid_result);
    }
    template <typename Change>
    std::string values_refused(Change change) {
        DcmDataset changed(*report_->getDataset());
        change(changed);
        return error_of([&] { check_values(changed); }, ErrorCode::invalid_result);
    }

    Study study_;
    std::vector<ResultSource> sources_;
    std::unique_ptr<DcmFileFormat> segmentation_;
    std::unique_ptr<DcmFileFormat> report_;
};

TEST_F(ResultCheck, PassesWhatTheWritersWrite) {
    EXPECT_EQ(segmentation_refused([](DcmDataset&) {}), "no error");
    EXPECT_EQ(values_refused([](DcmDataset&) {}), "no error");
}

TEST_F(ResultCheck, RefusesADamagedSegmentation) {
    const auto refused = [&](auto change) { return segmentation_refused(change); };
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_NumberOfFrames, "3"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_number(d, DCM_Rows, 60); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { d.findAndDeleteElement(DCM_ContentLabel); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { d.findAndDeleteElement(DCM_PixelData); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { d.findAndDeleteElement(DCM_ReferencedSeriesSequence); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_FrameOfReferenceUID, "1.2.3"); }), "");
    EXPECT_EQ(
        refused([](DcmDataset& d) { put_number(item(d, DCM_SegmentSequence, 1), DCM_SegmentNumber, 3); }),
        "");
    const auto spoil_frame = [](DcmDataset& d) {
        DcmItem& frame = item(d, DCM_PerFrameFunctionalGroupsSequence, 1);
        put_number(item(frame, DCM_SegmentIdentificationSequence), DCM_ReferencedSegmentNumber, 1);
    };
    EXPECT_EQ(refused(spoil_frame), "");
    const auto spoil_source = [](DcmDataset& d) {
        DcmItem& frame = item(d, DCM_PerFrameFunctionalGroupsSequence, 1);
        put_text(item(item(frame, DCM_DerivationImageSequence), DCM_SourceImageSequence),
                 DCM_ReferencedSOPInstanceUID, "1.2.3");
    };
    EXPECT_EQ(refused(spoil_source), "");
    const auto clear_pixels = [](DcmDataset& d) {
        const Uint8* bytes = nullptr;
        unsigned long length = 0;
        d.findAndGetUint8Array(DCM_PixelData, bytes, &length);
        const std::vector<Uint8> zeros(length, 0);
        d.putAndInsertUint8Array(DCM_PixelData, zeros.data(), length);
    };
    EXPECT_EQ(refused(clear_pixels), "");
}

TEST_F(ResultCheck, RefusesValuesThatDoNotFit) {
    const auto refused = [&](auto change) { return values_refused(change); };
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_SOPInstanceUID, "1.02"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_Manufacturer, std::string(65, 'x')); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_Manufacturer, "a\nb"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_Manufacturer, "K\xf6ln"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_Modality, "sr"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_ContentDate, "2024"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_SeriesDescription, std::string(70, 'x')); }), "");
    EXPECT_EQ(values_refused([](DcmDataset& d) { put_text(d, DCM_PatientName, std::string(90, 'x')); }),
              "no error");
}

}  // namespace
}  // namespace calcnode::dicom
