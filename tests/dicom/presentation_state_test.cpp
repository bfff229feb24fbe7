// Presentation states as write_results() writes them, read back with DCMTK; and what the gate refuses.
#include <functional>
#include <string>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <gtest/gtest.h>

#include "dicom/presentation_state_writer.h"
#include "dicom/result_check_image.h"
#include "tests/dicom/result_fixture.h"

namespace calcnode::dicom {
namespace {

using namespace fixture;

std::vector<ResultObject> states_of(Study& study) {
    study.options.kinds = {ResultKind::presentation_state};
    return study.write();
}

/// Number 1 and 3 are right, 2 and 4 left.
void fill(Study& study) {
    add_cluster(study.add(), 3);
    add_cluster(study.add(), 4);
    study.add();
    set_failed(study.add(), "cut short");
}

TEST(PresentationState, OneABreastWithClustersAboutItsAnalysedImages) {
    Study study;
    fill(study);
    const auto objects = states_of(study);
    ASSERT_EQ(objects.size(), 2u);
    std::map<std::string, std::set<std::string>> images;
    for (const ResultObject& object : objects) {
        EXPECT_EQ(object.sop_class_uid, kGrayscalePresentationState);
        EXPECT_EQ(object.kind, ResultKind::presentation_state);
        const auto file = load(object);
        DcmItem& state = *file->getDataset();
        DcmItem& series = item(state, DCM_ReferencedSeriesSequence);
        for (long i = 0; i < count(series, DCM_ReferencedImageSequence); ++i) {
            images[value(state, DCM_Laterality)].insert(
                value(item(series, DCM_ReferencedImageSequence, i), DCM_ReferencedSOPInstanceUID));
        }
        EXPECT_EQ(value(state, DCM_Modality), "PR");
        EXPECT_EQ(value(state, DCM_PresentationLUTShape), "IDENTITY");
        EXPECT_EQ(value(state, DCM_ContentQualification), "RESEARCH");
        EXPECT_FALSE(state.tagExists(DCM_ContentDate)) << "the IOD has none";
    }
    EXPECT_EQ(images["R"], (std::set<std::string>{image_uid(1), image_uid(3)}));
    EXPECT_EQ(images["L"], (std::set<std::string>{image_uid(2)}));
    EXPECT_NE(objects[0].series_instance_uid, objects[1].series_instance_uid) << "Laterality is the series'";
}

TEST(PresentationState, NoClustersNoState) {
    Study study;
    study.add();
    EXPECT_TRUE(states_of(study).empty());
}

TEST(PresentationState, MarksEachClusterWithOutlineAndText) {
    Study study;
    ImageResult& image = study.add();
    add_cluster(image, 3);
    add_cluster(image, 2);
    const auto file = load(states_of(study).front());
    DcmItem& annotation = item(*file->getDataset(), DCM_GraphicAnnotationSequence);
    EXPECT_EQ(value(item(annotation, DCM_ReferencedImageSequence), DCM_ReferencedSOPInstanceUID),
              image_uid(1));
    ASSERT_EQ(count(annotation, DCM_GraphicObjectSequence), 2);
    DcmItem& outline = item(annotation, DCM_GraphicObjectSequence);
    EXPECT_EQ(value(outline, DCM_GraphicType), "POLYLINE");
    EXPECT_EQ(value(outline, DCM_GraphicData), "1\\1\\4\\1\\4\\4\\1\\4\\1\\1");
    ASSERT_EQ(count(annotation, DCM_TextObjectSequence), 3);
    EXPECT_EQ(value(item(annotation, DCM_TextObjectSequence, 0), DCM_UnformattedTextValue),
              "RESEARCH ONLY - not for diagnosis");
    DcmItem& text = item(annotation, DCM_TextObjectSequence, 1);
    EXPECT_EQ(value(text, DCM_UnformattedTextValue), "cluster 1: 90 %, n=3");
    EXPECT_EQ(value(text, DCM_AnchorPoint), "4\\1") << "beside the mark, not on it";
    DcmItem& layer = item(*file->getDataset(), DCM_GraphicLayerSequence);
    EXPECT_EQ(value(layer, DCM_GraphicLayer), value(annotation, DCM_GraphicLayer));
}

TEST(PresentationState, ShowsTheImageAsItIsShownAlone) {
    Study study;
    add_cluster(study.add([](DcmDataset& dataset) {
        put_text(dataset, DCM_WindowCenter, "2000\\1500");
        put_text(dataset, DCM_WindowWidth, "800\\700");
        put_text(dataset, DCM_VOILUTFunction, "SIGMOID");
    }),
                3);
    const auto file = load(states_of(study).front());
    DcmItem& voi = item(*file->getDataset(), DCM_SoftcopyVOILUTSequence);
    EXPECT_EQ(value(voi, DCM_WindowCenter), "2000");
    EXPECT_EQ(value(voi, DCM_WindowWidth), "800");
    EXPECT_EQ(value(voi, DCM_VOILUTFunction), "SIGMOID");
    DcmItem& area = item(*file->getDataset(), DCM_DisplayedAreaSelectionSequence);
    EXPECT_EQ(value(area, DCM_DisplayedAreaTopLeftHandCorner), "1\\1");
    EXPECT_EQ(value(area, DCM_DisplayedAreaBottomRightHandCorner), "43\\61");
    EXPECT_EQ(value(area, DCM_PresentationPixelSpacing), "0.07\\0.08");
}

TEST(PresentationState, AVoiLutGoesBeforeTheWindow) {
    Study study;
    add_cluster(study.add([](DcmDataset& dataset) {
        put_text(dataset, DCM_WindowCenter, "2000");
        put_text(dataset, DCM_WindowWidth, "800");
        DcmItem* lut = nullptr;
        ASSERT_TRUE(dataset.findOrCreateSequenceItem(DCM_VOILUTSequence, lut, -2).good());
        const Uint16 descriptor[] = {4, 0, 12};
        const Uint16 data[] = {0, 1000, 2000, 4095};
        ASSERT_TRUE(lut->putAndInsertUint16Array(DcmTag(DCM_LUTDescriptor, EVR_US), descriptor, 3).good());
        ASSERT_TRUE(lut->putAndInsertUint16Array(DcmTag(DCM_LUTData, EVR_US), data, 4).good());
    }),
                3);
    const auto file = load(states_of(study).front());
    DcmItem& voi = item(*file->getDataset(), DCM_SoftcopyVOILUTSequence);
    EXPECT_FALSE(voi.tagExists(DCM_WindowCenter));
    EXPECT_EQ(value(item(voi, DCM_VOILUTSequence), DCM_LUTData), "0\\1000\\2000\\4095");
}

TEST(PresentationState, AMonochrome1ImageIsShownInverse) {
    Study study;
    add_cluster(study.add([](DcmDataset& dataset) {
        put_text(dataset, DCM_PhotometricInterpretation, "MONOCHROME1");
        put_text(dataset, DCM_PresentationLUTShape, "INVERSE");
    }),
                3);
    study.add();
    study.add();  // right too, and not inverse: not in the same state
    const auto objects = states_of(study);
    ASSERT_EQ(objects.size(), 1u);
    const auto file = load(objects.front());
    EXPECT_EQ(value(*file->getDataset(), DCM_PresentationLUTShape), "INVERSE");
    EXPECT_EQ(count(item(*file->getDataset(), DCM_ReferencedSeriesSequence), DCM_ReferencedImageSequence), 1);
}

TEST(PresentationState, ALateImageOfTheOtherBreastChangesNothing) {
    Study study;
    add_cluster(study.add(), 3);
    const auto before = states_of(study);
    study.add();
    study.options.generation = 2;
    const auto after = states_of(study);
    ASSERT_EQ(after.size(), 1u);
    EXPECT_EQ(after[0].sop_instance_uid, before[0].sop_instance_uid);
    EXPECT_EQ(read_bytes(after[0].path), read_bytes(before[0].path));
}

/// A state of two images as it is made, spoilt, and looked at again.
std::string gate(const std::function<void(DcmItem&)>& spoil) {
    Study study;
    add_cluster(study.add(), 3);
    study.add([](DcmDataset& dataset) { put_text(dataset, DCM_ImageLaterality, "R"); });
    const auto sources = read_result_sources(study.images);
    const auto states = make_presentation_states(sources, study.options);
    DcmItem& state = *states.at(0)->getDataset();
    spoil(state);
    try {
        check_presentation_state(state, {&sources[0], &sources[1]});
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_result);
        return error.what();
    }
    return "";
}

DcmItem& annotation_of(DcmItem& state) {
    return item(state, DCM_GraphicAnnotationSequence);
}

TEST(PresentationStateGate, CatchesPlantedDefects) {
    const auto expect = [](const char* what, const std::function<void(DcmItem&)>& spoil) {
        EXPECT_NE(gate(spoil).find(what), std::string::npos) << what << ": " << gate(spoil);
    };
    EXPECT_EQ(gate([](DcmItem&) {}), "");
    expect("none of its images", [](DcmItem& s) {
        put_text(item(annotation_of(s), DCM_ReferencedImageSequence), DCM_ReferencedSOPInstanceUID, "1.2.3");
    });
    expect("does not list all", [](DcmItem& s) {
        DcmSequenceOfItems* images = nullptr;
        item(s, DCM_ReferencedSeriesSequence).findAndGetSequence(DCM_ReferencedImageSequence, images);
        delete images->remove(1UL);
    });
    expect("another SOP class", [](DcmItem& s) {
        put_text(item(annotation_of(s), DCM_ReferencedImageSequence), DCM_ReferencedSOPClassUID,
                 kMammographyForProcessing);
    });
    expect("another series", [](DcmItem& s) {
        put_text(item(s, DCM_ReferencedSeriesSequence), DCM_SeriesInstanceUID, "1.2.3");
    });
    expect("no displayed area", [](DcmItem& s) {
        DcmSequenceOfItems* areas = nullptr;
        s.findAndGetSequence(DCM_DisplayedAreaSelectionSequence, areas);
        delete areas->remove(1UL);
    });
    expect("layer that is not defined",
           [](DcmItem& s) { put_text(annotation_of(s), DCM_GraphicLayer, "OTHER"); });
    expect("as many points", [](DcmItem& s) {
        put_number(item(annotation_of(s), DCM_GraphicObjectSequence), DCM_NumberOfGraphicPoints, 4);
    });
    const auto with_point = [](float x, float y) {
        return [=](DcmItem& s) {
            const Float32 data[] = {1, 1, 4, 1, 4, 4, x, y, 1, 1};
            item(annotation_of(s), DCM_GraphicObjectSequence)
                .putAndInsertFloat32Array(DCM_GraphicData, data, 10);
        };
    };
    expect("leaves its image", with_point(44, 4));
    expect("leaves its image", with_point(1, 62));
    expect("no legal UID", [](DcmItem& s) { put_text(s, DCM_SOPInstanceUID, "1.02.3"); });
    expect("is too long", [](DcmItem& s) { put_text(s, DCM_ContentLabel, "MICROCALCIFICATION"); });
    expect("has no value", [](DcmItem& s) {
        put_text(item(annotation_of(s), DCM_TextObjectSequence), DCM_UnformattedTextValue, "");
    });
}

}  // namespace
}  // namespace calcnode::dicom
