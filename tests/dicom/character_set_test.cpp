// The character set of the results, and names of many scripts in it.
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/patient_context.h"
#include "tests/dicom/result_kinds.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

void name(DcmDataset& dataset, const char* character_set, const std::string& bytes) {
    dataset.findAndDeleteElement(DCM_SpecificCharacterSet);
    if (character_set != nullptr) put_text(dataset, DCM_SpecificCharacterSet, character_set);
    put_text(dataset, DCM_PatientName, bytes);
}

TEST(CharacterSet, Latin1BecomesUtf8) {
    const Results results = results_of(
        [](DcmDataset& dataset) { name(dataset, "ISO_IR 100", "M\xfcller^J\xf6rg"); }, "K\xc3\xb6ln");
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(said(results, DCM_PatientName), "M\xc3\xbcller^J\xc3\xb6rg");
    EXPECT_EQ(said(results, DCM_InstitutionName), "K\xc3\xb6ln");
}

TEST(CharacterSet, Utf8StaysUtf8) {
    const std::string umlauts = "M\xc3\xbcller";
    const Results results = results_of([&](DcmDataset& dataset) { name(dataset, "ISO_IR 192", umlauts); });
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(said(results, DCM_PatientName), umlauts);
}

TEST(CharacterSet, PlainTextWithoutACharacterSetBecomesUtf8) {
    const Results results = results_of([](DcmDataset& dataset) { name(dataset, nullptr, "Doe^Jane"); });
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(said(results, DCM_PatientName), "Doe^Jane");
}

TEST(CharacterSet, UndeclaredBytesStayAsTheyAre) {
    const std::string bytes = "M\xfcller";
    const Results results =
        results_of([&](DcmDataset& dataset) { name(dataset, nullptr, bytes); }, "K\xc3\xb6ln");
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "");
    EXPECT_EQ(said(results, DCM_PatientName), bytes);
    EXPECT_EQ(said(results, DCM_InstitutionName), "K?ln");  // text of ours has to be ASCII then
}

TEST(CharacterSet, JapaneseThatCannotBeConvertedStaysAsItIs) {
    // PS3.5 H.3.1: Yamada^Tarou=(kanji)=(hiragana)
    const std::string bytes =
        "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B";
    const char* character_set = "\\ISO 2022 IR 87";
    const Results results = results_of([&](DcmDataset& dataset) { name(dataset, character_set, bytes); });
    const std::string found = said(results, DCM_SpecificCharacterSet);
    if (found == "ISO_IR 192") {  // a DCMTK with another converter
        EXPECT_EQ(said(results, DCM_PatientName).find("Yamada^Tarou=\xe5\xb1\xb1\xe7\x94\xb0"), 0u);
    } else {
        EXPECT_EQ(found, character_set);
        EXPECT_EQ(said(results, DCM_PatientName), bytes);
    }
}

TEST(CharacterSet, KoreanBecomesUtf8) {
    // PS3.5 I.2: Hong^Gildong=(hanja)=(hangul)
    const Results results = results_of([](DcmDataset& dataset) {
        name(dataset, "\\ISO 2022 IR 149",
             "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf");
    });
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(said(results, DCM_PatientName),
              "Hong^Gildong=\xe6\xb4\xaa^\xe5\x90\x89\xe6\xb4\x9e=\xed\x99\x8d^\xea\xb8\xb8\xeb\x8f\x99");
}

TEST(CharacterSet, ChineseBecomesUtf8AlsoWhereAByteIsABackslash) {
    const Results results = results_of([](DcmDataset& dataset) {
        name(dataset, "GB18030", "Wang^Cheng=\xcd\xf5^\x81\x5c");  // U+738B, U+4E57
        put_text(dataset, DCM_StudyDescription, "\xc8\xe9\xcf\xd9");
    });
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(said(results, DCM_PatientName), "Wang^Cheng=\xe7\x8e\x8b^\xe4\xb9\x97");
    EXPECT_EQ(said(results, DCM_StudyDescription), "\xe4\xb9\xb3\xe8\x85\xba");
}

TEST(CharacterSet, TextWithinSequencesIsConvertedToo) {
    const Results results = results_of([](DcmDataset& dataset) {
        put_text(dataset, DCM_SpecificCharacterSet, "ISO_IR 100");
        DcmItem* other = nullptr;
        dataset.findOrCreateSequenceItem(DCM_OtherPatientIDsSequence, other);
        put_text(*other, DCM_PatientID, "OTHER");
        put_text(*other, DCM_IssuerOfPatientID, "K\xf6ln");
        DcmItem* request = nullptr;
        dataset.findOrCreateSequenceItem(DCM_RequestAttributesSequence, request);
        put_text(*request, DCM_RequestedProcedureDescription, "Br\xfcste");
    });
    for (DcmItem* object : results.all())
        EXPECT_EQ(value(item(*object, DCM_OtherPatientIDsSequence), DCM_IssuerOfPatientID), "K\xc3\xb6ln");
    EXPECT_EQ(value(item(results.of_class(kMammographyCadSr), DCM_ReferencedRequestSequence),
                    DCM_RequestedProcedureDescription),
              "Br\xc3\xbcste");
}

TEST(CharacterSet, JapaneseNamesInLatinLettersBecomeUtf8) {
    const Results results =
        results_of([](DcmDataset& dataset) { name(dataset, "\\ISO 2022 IR 87", "Yamada^Tarou"); });
    EXPECT_EQ(said(results, DCM_SpecificCharacterSet), "ISO_IR 192");
    EXPECT_EQ(said(results, DCM_PatientName), "Yamada^Tarou");
}

TEST(CharacterSet, AnOverlongNameIsCarriedAsItIs) {
    const std::string overlong(90, 'A');
    const Results results =
        results_of([&](DcmDataset& dataset) { put_text(dataset, DCM_PatientName, overlong); });
    EXPECT_EQ(said(results, DCM_PatientName), overlong);
}

TEST(CharacterSet, AnotherDevicesTextIsMadeToFitTheReport) {
    Study study;
    study.add([](DcmDataset& dataset) { name(dataset, nullptr, "M\xfcller"); });
    study.add([](DcmDataset& dataset) {
        put_text(dataset, DCM_SpecificCharacterSet, "ISO_IR 100");
        put_text(dataset, DCM_Manufacturer, "F\xfcr");
    });
    const auto report = load_report(study.write());
    EXPECT_EQ(value(item(*report->getDataset(), DCM_ContributingEquipmentSequence, 0), DCM_Manufacturer),
              "Maker");
    EXPECT_EQ(value(item(*report->getDataset(), DCM_ContributingEquipmentSequence, 1), DCM_Manufacturer),
              "F?r");
}

}  // namespace
}  // namespace calcnode::dicom
