// What write_results() promises for a study as a whole: files, UIDs, repeatability, errors.
#include "dicom/result_writers.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <gtest/gtest.h>

#include "dicom/dataset_scan.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

/// Four views: two with findings, one without, one failed.
void fill(Study& study) {
    add_cluster(study.add(), 3);
    add_cluster(study.add(), 4);
    study.add();
    set_failed(study.add(), "cut short");
}

std::map<std::string, std::vector<unsigned char>> bytes_of(const std::vector<ResultObject>& objects) {
    std::map<std::string, std::vector<unsigned char>> bytes;
    for (const ResultObject& object : objects)
        bytes[object.sop_instance_uid] = read_bytes(object.path);
    return bytes;
}

std::set<std::string> uids_of(const std::vector<ResultObject>& objects, ResultKind kind) {
    std::set<std::string> uids;
    for (const ResultObject& object : objects) {
        if (object.kind == kind) uids.insert(object.sop_instance_uid);
    }
    return uids;
}

TEST(ResultWriters, OneSegmentationAnImageWithFindingsThenTheReports) {
    Study study;
    fill(study);
    const auto objects = study.write();
    ASSERT_EQ(objects.size(), 4u);
    EXPECT_EQ(objects[0].kind, ResultKind::segmentation);
    EXPECT_EQ(objects[1].kind, ResultKind::segmentation);
    EXPECT_EQ(objects[2].kind, ResultKind::cad_sr);
    EXPECT_EQ(objects[3].kind, ResultKind::measurement_report);
    EXPECT_EQ(objects[0].sop_class_uid, kSegmentationStorage);
    EXPECT_EQ(objects[2].sop_class_uid, kMammographyCadSr);
    EXPECT_EQ(objects[3].sop_class_uid, kComprehensive3dSr);
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(study.folder()))
        names.insert(entry.path().filename());
    std::set<std::string> expected;
    for (const ResultObject& object : objects) {
        EXPECT_EQ(object.transfer_syntax_uid, kExplicitLittleEndian);
        const auto file = load(object);
        EXPECT_EQ(value(*file->getDataset(), DCM_SeriesInstanceUID), object.series_instance_uid);
        EXPECT_TRUE(is_legal_uid(object.sop_instance_uid));
        EXPECT_EQ(object.path, study.folder() / (object.sop_instance_uid + ".dcm"));
        expected.insert(object.sop_instance_uid + ".dcm");
    }
    EXPECT_EQ(names, expected);  // no .part left
}

TEST(ResultWriters, FilesAreWholeAndOfOurImplementation) {
    Study study;
    fill(study);
    for (const ResultObject& object : study.write()) {
        EXPECT_EQ(scan_dataset(object.path).transfer_syntax_uid, object.transfer_syntax_uid);
        const auto file = load(object);
        DcmItem& meta = *file->getMetaInfo();
        EXPECT_EQ(value(meta, DCM_ImplementationVersionName).rfind("CALCNODE", 0), 0u);
        EXPECT_EQ(value(meta, DCM_ImplementationClassUID).rfind("2.25.", 0), 0u);
        EXPECT_EQ(value(meta, DCM_MediaStorageSOPClassUID), object.sop_class_uid);
        EXPECT_EQ(value(meta, DCM_MediaStorageSOPInstanceUID), object.sop_instance_uid);
        EXPECT_EQ(value(*file->getDataset(), DCM_SOPInstanceUID), object.sop_instance_uid);
    }
}

TEST(ResultWriters, SameInputSameBytes) {
    Study study;
    fill(study);
    const auto first = bytes_of(study.write());
    EXPECT_EQ(bytes_of(study.write()), first);
    Study elsewhere;
    fill(elsewhere);
    std::reverse(elsewhere.images.begin(), elsewhere.images.end());
    EXPECT_EQ(bytes_of(elsewhere.write()), first);
}

TEST(ResultWriters, WhatChangesTheResultsChangesTheirUids) {
    const auto uids = [](auto change) {
        Study study;
        fill(study);
        change(study);
        std::set<std::string> all;
        for (const ResultObject& object : study.write())
            all.insert(object.sop_instance_uid);
        return all;
    };
    const auto original = uids([](Study&) {});
    const auto expect_others = [&](auto change) {
        const auto changed = uids(change);
        for (const std::string& uid : changed)
            EXPECT_EQ(original.count(uid), 0u);
        return changed.size();
    };
    EXPECT_EQ(expect_others([](Study& s) { s.options.model.name = "other"; }), 4u);
    EXPECT_EQ(expect_others([](Study& s) { s.options.model.version = "2"; }), 4u);
    EXPECT_EQ(expect_others([](Study& s) { s.options.model.digest = "ff"; }), 4u);
    EXPECT_EQ(expect_others([](Study& s) { s.options.config_digest = "ff"; }), 4u);
    EXPECT_EQ(expect_others([](Study& s) { s.options.device_serial_number = "SN8"; }), 4u);
    EXPECT_EQ(expect_others([](Study& s) { s.options.code_scheme = CodeScheme::srt; }), 4u);
    EXPECT_EQ(expect_others([](Study& s) {
                  s.options.kinds = {ResultKind::cad_sr, ResultKind::measurement_report};
              }),
              2u)
        << "reports that name no segmentations are others";
}

TEST(ResultWriters, ALateImageMakesANewReportAndLeavesTheSegmentations) {
    Study study;
    fill(study);
    const auto before = study.write();
    const auto segmentations = bytes_of({before.begin(), before.begin() + 2});
    add_cluster(study.add(), 2);
    study.options.generation = 2;
    const auto after = study.write();
    const auto report = [](const std::vector<ResultObject>& objects, ResultKind kind) {
        return *std::find_if(objects.begin(), objects.end(),
                             [&](const ResultObject& object) { return object.kind == kind; });
    };
    for (const ResultKind kind : {ResultKind::cad_sr, ResultKind::measurement_report})
        EXPECT_NE(report(before, kind).sop_instance_uid, report(after, kind).sop_instance_uid);
    const auto now = bytes_of(after);
    for (const auto& [uid, bytes] : segmentations) {
        ASSERT_EQ(now.count(uid), 1u);
        EXPECT_EQ(now.at(uid), bytes);
    }
    EXPECT_EQ(uids_of(after, ResultKind::segmentation).size(), 3u);
    const auto old_report = load_report(before);
    const auto new_report = load_report(after);
    EXPECT_NE(value(*old_report->getDataset(), DCM_SeriesInstanceUID),
              value(*new_report->getDataset(), DCM_SeriesInstanceUID));
    EXPECT_EQ(value(*new_report->getDataset(), DCM_SeriesNumber), "9012");
}

TEST(ResultWriters, AnImageThatFailedThisTimeMakesAnotherReport) {
    Study study;
    fill(study);
    const auto before = study.write();
    set_failed(study.images[2], "out of memory");
    const auto after = study.write();
    EXPECT_NE(after.back().sop_instance_uid, before.back().sop_instance_uid);
    set_failed(study.images[2], "no breast found");  // the reason is in the report
    EXPECT_NE(study.write().back().sop_instance_uid, after.back().sop_instance_uid);
}

TEST(ResultWriters, EachSegmentationHasASeriesOfItsOwnOfTheSameKind) {
    Study study;
    fill(study);
    const auto objects = study.write();
    const auto first = load(objects[0]);
    const auto second = load(objects[1]);
    EXPECT_NE(value(*first->getDataset(), DCM_SeriesInstanceUID),
              value(*second->getDataset(), DCM_SeriesInstanceUID));
    for (const DcmTagKey& tag : {DCM_SeriesNumber, DCM_SeriesDate, DCM_SeriesTime, DCM_SeriesDescription,
                                 DCM_Modality, DCM_SoftwareVersions}) {
        EXPECT_EQ(value(*first->getDataset(), tag), value(*second->getDataset(), tag));
        EXPECT_NE(value(*first->getDataset(), tag), "");
    }
    EXPECT_NE(value(*first->getDataset(), DCM_InstanceNumber),
              value(*second->getDataset(), DCM_InstanceNumber));
}

TEST(ResultWriters, WritesTheKindsThatAreAskedForInTheirOrder) {
    Study study;
    fill(study);
    study.images[0].key_image = {.rows = 1, .columns = 2, .rgb = {1, 2, 3, 4, 5, 6}};
    study.images[1].findings.probability = pipeline::Image<std::uint8_t>(61, 43, 9);
    study.options.kinds = {kAllResultKinds.begin(), kAllResultKinds.end()};
    std::vector<ResultKind> kinds;
    for (const ResultObject& object : study.write())
        kinds.push_back(object.kind);
    using enum ResultKind;
    EXPECT_EQ(kinds, (std::vector<ResultKind>{segmentation, segmentation, cad_sr, measurement_report,
                                              presentation_state, presentation_state, secondary_capture,
                                              probability_map}));
    study.options.kinds = {};
    EXPECT_TRUE(study.write().empty());
}

TEST(ResultWriters, SourcesWithoutDatesStillGetTheirReport) {
    Study study;
    study.add([](DcmDataset& dataset) {
        for (const DcmTagKey& tag : {DCM_ContentDate, DCM_ContentTime, DCM_StudyDate, DCM_StudyTime})
            dataset.findAndDeleteElement(tag);
    });
    const auto report = load_report(study.write());
    EXPECT_EQ(value(*report->getDataset(), DCM_ContentDate), "19000101");
    EXPECT_FALSE(report->getDataset()->tagExists(DCM_SeriesDate));
}

TEST(ResultWriters, CompressedAndBigEndianSourcesAreReadByTheirHeader) {
    for (const std::string syntax : {kJpegLosslessSv1, kExplicitBigEndian, kDeflatedLittleEndian}) {
        Study study;
        add_cluster(study.add(), 3);
        DcmFileFormat source;
        ASSERT_TRUE(source.loadFile(study.images[0].source.c_str()).good());
        source.loadAllDataIntoMemory();
        save(source, study.images[0].source, syntax);
        EXPECT_EQ(study.write().size(), 3u) << syntax;
    }
}

TEST(ResultWriters, RefusesSourcesThatContradictEachOther) {
    const auto refused = [](auto change) {
        Study study;
        study.add();
        study.add(change);
        const std::string problem = error_of([&] { study.write(); }, ErrorCode::inconsistent_sources);
        EXPECT_TRUE(std::filesystem::is_empty(study.folder()));
        return problem;
    };
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_StudyInstanceUID, "1.2.3"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_PatientID, "T2"); }), "");
    EXPECT_EQ(refused([](DcmDataset& d) { put_text(d, DCM_SOPInstanceUID, image_uid(1)); }), "");
    Study study;
    study.add().findings.sop_instance_uid = image_uid(9);
    EXPECT_EQ(error_of([&] { study.write(); }, ErrorCode::inconsistent_sources), "");
}

TEST(ResultWriters, RefusesWhatItCannotWrite) {
    Study none;
    EXPECT_EQ(error_of([&] { none.write(); }, ErrorCode::invalid_result), "");
    Study nameless;
    nameless.add([](DcmDataset& dataset) { dataset.findAndDeleteElement(DCM_SeriesInstanceUID); });
    EXPECT_EQ(error_of([&] { nameless.write(); }, ErrorCode::missing_attribute), "");
    Study homeless;
    homeless.add();
    std::filesystem::remove(homeless.folder());
    EXPECT_EQ(error_of([&] { homeless.write(); }, ErrorCode::file_error), "");
    Study model;
    model.add();
    model.options.model.name.clear();
    EXPECT_EQ(error_of([&] { model.write(); }, ErrorCode::invalid_result), "");
}

}  // namespace
}  // namespace calcnode::dicom
