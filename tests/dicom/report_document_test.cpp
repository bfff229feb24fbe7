// What the two reports have alike: predecessors, and codes in one scheme.
#include "dicom/report_document.h"

#include <algorithm>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcstack.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dicom/concept.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

PredecessorDocument document(const char* sop_class, const char* instance) {
    return {kStudyUid, "1.2.3.1", sop_class, instance};
}

/// SOP Instance UIDs of the predecessors that a report names.
std::vector<std::string> predecessors(DcmFileFormat& report) {
    DcmItem& dataset = *report.getDataset();
    std::vector<std::string> uids;
    for (long i = 0; i < count(dataset, DCM_PredecessorDocumentsSequence); ++i) {
        DcmItem& study = item(dataset, DCM_PredecessorDocumentsSequence, i);
        EXPECT_EQ(value(study, DCM_StudyInstanceUID), kStudyUid);
        DcmItem& series = item(study, DCM_ReferencedSeriesSequence);
        EXPECT_EQ(value(series, DCM_SeriesInstanceUID), "1.2.3.1");
        uids.push_back(value(item(series, DCM_ReferencedSOPSequence), DCM_ReferencedSOPInstanceUID));
    }
    return uids;
}

/// A study that was reported before.
struct LaterGeneration : Study {
    LaterGeneration() {
        options.generation = 2;
        options.predecessors = {document(kMammographyCadSr, "1.2.3.2"),
                                document(kComprehensive3dSr, "1.2.3.3")};
    }
};

TEST(Predecessors, EachReportNamesTheOneOfItsClass) {
    LaterGeneration study;
    add_cluster(study.add(), 3);
    EXPECT_THAT(predecessors(*study.cad_report()), ElementsAre("1.2.3.2"));
    EXPECT_THAT(predecessors(*study.measurement_report()), ElementsAre("1.2.3.3"));
}

TEST(Predecessors, MeasurementsThatAreGoneAreReplacedByTheCadReport) {
    LaterGeneration study;
    study.add();
    EXPECT_THAT(predecessors(*study.cad_report()), ElementsAre("1.2.3.2", "1.2.3.3"));
    EXPECT_EQ(study.measurement_report(), nullptr);
}

TEST(Predecessors, AFirstReportHasNone) {
    Study study;
    add_cluster(study.add(), 3);
    EXPECT_THAT(predecessors(*study.cad_report()), IsEmpty());
    EXPECT_FALSE(study.cad_report()->getDataset()->tagExists(DCM_PredecessorDocumentsSequence));
    EXPECT_THAT(predecessors(*study.measurement_report()), IsEmpty());
}

TEST(Predecessors, ArePartOfTheUid) {
    LaterGeneration study;
    add_cluster(study.add(), 3);
    const std::string uid = value(*study.cad_report()->getDataset(), DCM_SOPInstanceUID);
    study.options.predecessors.front().sop_instance_uid = "1.2.3.4";
    EXPECT_NE(value(*study.cad_report()->getDataset(), DCM_SOPInstanceUID), uid);
}

/// Every code of the data set, as "value scheme".
std::vector<std::string> codes_of(DcmItem& dataset) {
    std::vector<std::string> codes;
    DcmStack stack;
    while (dataset.nextObject(stack, OFTrue).good()) {
        DcmObject* object = stack.top();
        if (object->getTag() != DCM_CodingSchemeDesignator) continue;
        auto& code = static_cast<DcmItem&>(*object->getParent());
        codes.push_back(value(code, DCM_CodeValue) + ' ' + value(code, DCM_CodingSchemeDesignator));
    }
    return codes;
}

auto view(const char* code, const char* modifier, const char* designator) {
    return [=](DcmDataset& dataset) {
        dataset.findAndDeleteElement(DCM_ViewCodeSequence);
        DcmItem& item = add_code(dataset, DCM_ViewCodeSequence, code, designator);
        add_code(item, DCM_ViewModifierCodeSequence, modifier, designator);
    };
}

/// A study whose images name their view in the older scheme and in the newer one.
struct MixedSources : Study {
    explicit MixedSources(CodeScheme scheme) {
        options.code_scheme = scheme;
        add_cluster(add(view("R-10226", "R-102C2", "SRT")), 3);
        add_cluster(add(view("399162004", "399197002", "SCT")), 3);
        add_cluster(add(view("R-10242", "R-102D3", "SNM3")), 3);
    }
};

long count_of(const std::vector<std::string>& codes, const std::string& scheme) {
    return std::count_if(codes.begin(), codes.end(),
                         [&](const std::string& code) { return code.substr(code.find(' ') + 1) == scheme; });
}

TEST(CodeScheme, AllSnomedCodesOfAnObjectAreInTheSchemeAskedFor) {
    for (const CodeScheme scheme : {CodeScheme::sct, CodeScheme::srt}) {
        MixedSources study(scheme);
        const bool old_scheme = scheme == CodeScheme::srt;
        const auto segmentation = load(study.write().front());
        const auto cad_report = study.cad_report();
        const auto measurements = study.measurement_report();
        for (DcmFileFormat* file : {segmentation.get(), cad_report.get(), measurements.get()}) {
            const std::vector<std::string> codes = codes_of(*file->getDataset());
            EXPECT_GE(count_of(codes, old_scheme ? "SRT" : "SCT"), 4);
            EXPECT_EQ(count_of(codes, old_scheme ? "SCT" : "SRT"), 0);
            EXPECT_EQ(count_of(codes, "SNM3"), 0);
        }
    }
}

TEST(CodeScheme, ViewsAndModifiersAreTranslated) {
    MixedSources study(CodeScheme::srt);
    const auto file = study.cad_report();
    DcmItem& library = child(*file->getDataset(), "111028");
    std::vector<std::string> views;
    for (long i = 0; i < 3; ++i) {
        DcmItem& view = child(item(library, DCM_ContentSequence, i), "111031");
        views.push_back(code(view, DCM_ConceptCodeSequence) + '+' +
                        code(child(view, "111032"), DCM_ConceptCodeSequence));
    }
    EXPECT_THAT(views, ElementsAre("R-10226+R-102C2", "R-10242+R-102D3", "R-10242+R-102D3"));
}

TEST(CodeScheme, ALoneSnomedCodeIsNoConceptOfOurs) {
    for (const char* scheme : {"SCT", "SRT", "SNM3", "99SDM"}) {
        EXPECT_EQ(error_of(
                      [&] {
                          Concept(Code{"76752008", scheme, "Breast"});
                      },
                      ErrorCode::invalid_result),
                  "");
    }
    const Concept breast = Concept::snomed("76752008", "T-04000", "Breast");
    EXPECT_EQ(breast.in(CodeScheme::sct), (Code{"76752008", "SCT", "Breast"}));
    EXPECT_EQ(breast.in(CodeScheme::srt), (Code{"T-04000", "SRT", "Breast"}));
    const Concept percent{Code{"%", "UCUM", "Percent"}};
    EXPECT_EQ(percent.in(CodeScheme::srt), percent.in(CodeScheme::sct));
}

}  // namespace
}  // namespace calcnode::dicom
