#include "dicom/phantom_writer.h"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcmetinf.h>
#include <gtest/gtest.h>

#include "dicom/attributes.h"
#include "dicom/error.h"
#include "dicom/instance_header.h"
#include "dicom/mammogram_reader.h"
#include "dicom/uid.h"

namespace calcnode::dicom {
namespace {

namespace fs = std::filesystem;
using pipeline::Intent;
using pipeline::Laterality;
using pipeline::Phantom;
using pipeline::PhantomOptions;
using pipeline::View;

class PhantomWriter : public testing::Test {
  protected:
    PhantomWriter() {
        std::string name = (fs::temp_directory_path() / "calcnode-phantom-XXXXXX").string();
        folder_ = mkdtemp(name.data());
    }
    ~PhantomWriter() override { fs::remove_all(folder_); }

    static Phantom make(const PhantomOptions& changes) {
        PhantomOptions options = changes;
        options.rows = 233;
        options.columns = 211;  // an odd number of pixels
        options.spacing_mm = 0.2;
        return make_phantom(options);
    }
    fs::path write(const Phantom& phantom, const PhantomExamContext& context = {}) {
        const fs::path file = folder_ / (std::to_string(++count_) + ".dcm");
        write_phantom(phantom, context, file);
        return file;
    }
    static std::string bytes(const fs::path& file) {
        std::ifstream stream(file, std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

  private:
    fs::path folder_;
    int count_ = 0;
};

TEST_F(PhantomWriter, SameInputGivesTheSameBytes) {
    const Phantom phantom = make({});
    const std::string one = bytes(write(phantom));
    EXPECT_EQ(one, bytes(write(phantom)));
    PhantomExamContext other;
    other.patient_id = "PHANTOM-2";
    EXPECT_NE(one, bytes(write(phantom, other)));
}

TEST_F(PhantomWriter, PresentationPixelsComeBackForAllBitsAndBothPhotometrics) {
    for (const int bits : {8, 9, 12, 16}) {
        for (const bool monochrome1 : {false, true}) {
            const Phantom phantom = make({.bits_stored = bits});
            PhantomExamContext context;
            context.monochrome1 = monochrome1;
            const pipeline::Mammogram read = read_mammogram(write(phantom, context));
            EXPECT_EQ(read.pixels.pixels, phantom.mammogram.pixels.pixels) << bits << " " << monochrome1;
            EXPECT_EQ(read.bits_stored, bits);
            EXPECT_DOUBLE_EQ(read.row_spacing_mm, 0.2);
            EXPECT_DOUBLE_EQ(read.column_spacing_mm, 0.2);
            EXPECT_EQ(read.device.model, phantom.mammogram.device.model);
        }
    }
}

TEST_F(PhantomWriter, ProcessingPixelsKeepTheirSenseThroughRawExposure) {
    for (const bool monochrome1 : {false, true}) {
        const Phantom phantom = make({.bits_stored = 14, .intent = Intent::processing});
        PhantomExamContext context;
        context.monochrome1 = monochrome1;
        const pipeline::Mammogram read = read_mammogram(write(phantom, context));
        EXPECT_EQ(read.intent, Intent::processing);
        const double full = (1u << read.bits_stored) - 1;
        const double full_phantom = (1u << 14) - 1;
        double worst = 0;
        for (std::size_t i = 0; i < read.pixels.pixels.size(); ++i) {
            worst = std::max(worst, std::abs(read.pixels.pixels[i] / full -
                                             phantom.mammogram.pixels.pixels[i] / full_phantom));
        }
        // What is lost is the rounding of the exposure, largest in dense tissue where it is small.
        EXPECT_LT(worst, 0.02) << monochrome1;
    }
}

TEST_F(PhantomWriter, HeaderSaysWhatItIs) {
    const struct {
        Laterality laterality;
        View view;
        std::string orientation;
        std::string code;
    } cases[] = {{Laterality::right, View::cc, "P\\L", "399162004"},
                 {Laterality::right, View::mlo, "P\\FL", "399368009"},
                 {Laterality::left, View::cc, "A\\R", "399162004"},
                 {Laterality::left, View::mlo, "A\\FR", "399368009"}};
    for (const auto& expected : cases) {
        const fs::path file = write(make({.laterality = expected.laterality, .view = expected.view}));
        const InstanceHeader header = read_instance_header(file);
        EXPECT_EQ(header.sop_class_uid, kMammographyForPresentation);
        EXPECT_EQ(header.laterality, expected.laterality);
        EXPECT_EQ(header.view, expected.view);
        EXPECT_EQ(header.rows, 233);
        EXPECT_EQ(header.columns, 211);
        EXPECT_FALSE(header.magnification);
        EXPECT_FALSE(header.tomosynthesis);
        DcmFileFormat format;
        ASSERT_TRUE(format.loadFile(file.c_str()).good());
        DcmDataset& dataset = *format.getDataset();
        EXPECT_EQ(text_value(dataset, DCM_PatientOrientation, 0) + "\\" +
                      text_value(dataset, DCM_PatientOrientation, 1),
                  expected.orientation);
        ASSERT_EQ(items_of(dataset, DCM_ViewCodeSequence).size(), 1u);
        EXPECT_EQ(code_of(*items_of(dataset, DCM_ViewCodeSequence)[0]).value, expected.code);
        EXPECT_EQ(text_value(dataset, DCM_PresentationLUTShape), "IDENTITY");
        EXPECT_EQ(text_value(dataset, DCM_StationName), "PHANTOM1");
        EXPECT_EQ(format.getMetaInfo()->getOriginalXfer(), EXS_LittleEndianExplicit);
    }
}

TEST_F(PhantomWriter, ViewsAreOneStudyAndIntentsPairUp) {
    const InstanceHeader rcc = read_instance_header(write(make({})));
    const InstanceHeader lmlo =
        read_instance_header(write(make({.laterality = Laterality::left, .view = View::mlo})));
    const InstanceHeader raw = read_instance_header(write(make({.intent = Intent::processing})));
    EXPECT_EQ(rcc.study_instance_uid, lmlo.study_instance_uid);
    EXPECT_EQ(rcc.series_instance_uid, lmlo.series_instance_uid);
    EXPECT_NE(rcc.sop_instance_uid, lmlo.sop_instance_uid);
    EXPECT_EQ(raw.study_instance_uid, rcc.study_instance_uid);
    EXPECT_NE(raw.series_instance_uid, rcc.series_instance_uid);
    EXPECT_EQ(raw.sop_class_uid, kMammographyForProcessing);
    EXPECT_EQ(rcc.source_instance_uids, std::vector<std::string>{raw.sop_instance_uid});

    PhantomExamContext other;
    other.seed = 2;
    EXPECT_NE(read_instance_header(write(make({}), other)).study_instance_uid, rcc.study_instance_uid);
}

TEST_F(PhantomWriter, RefusesWhatIsNoPhantomAndSaysWhenItCannotWrite) {
    Phantom phantom = make({});
    EXPECT_THROW(write_phantom(phantom, {}, "/nonexistent/folder/x.dcm"), Error);
    phantom.mammogram.view = View::lm;
    EXPECT_THROW(write(phantom), Error);
}

}  // namespace
}  // namespace calcnode::dicom
