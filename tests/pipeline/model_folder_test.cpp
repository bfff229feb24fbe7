#include "pipeline/model_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "pipeline/analyser.h"
#include "pipeline/error.h"

namespace calcnode::pipeline {
namespace {

/// The shipped model, which the build links beside the test program's folder.
std::filesystem::path shipped_model() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() /
           "../share/calcnode/models/valvano-cascade";
}

class ModelFolderTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ =
            std::filesystem::temp_directory_path() / ("calcnode-model-test-" + std::to_string(getpid()));
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
        for (const char* file : {"manifest.json", "detector.pt", "segmentator.pt"}) {
            std::filesystem::copy_file(shipped_model() / file, folder_ / file);
        }
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    void expect_refused(ErrorCode code) const {
        try {
            Analyser::open(folder_);
            FAIL() << "was opened";
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.what();
        }
    }

    void rewrite(const std::string& file, const std::string& text) const {
        std::ofstream(folder_ / file, std::ios::trunc) << text;
    }

    std::filesystem::path folder_;
};

TEST_F(ModelFolderTest, OpensAndTellsItsIdentity) {
    const Analyser analyser = Analyser::open(folder_);
    EXPECT_EQ(analyser.model().name, "valvano-cascade");
    EXPECT_FALSE(analyser.model().version.empty());
    EXPECT_EQ(analyser.model().digest, sha256_of_file(folder_ / "manifest.json"));
}

TEST_F(ModelFolderTest, RefusesAChangedNetwork) {
    std::ofstream(folder_ / "detector.pt", std::ios::app) << "x";
    expect_refused(ErrorCode::model_damaged);
}

TEST_F(ModelFolderTest, RefusesANetworkThatIsNone) {
    Manifest manifest = read_model_folder(folder_).manifest;
    rewrite("segmentator.pt", "not a network");
    write_manifest(folder_, manifest);
    expect_refused(ErrorCode::model_damaged);
}

TEST_F(ModelFolderTest, RefusesAMissingFileOrFolder) {
    std::filesystem::remove(folder_ / "segmentator.pt");
    expect_refused(ErrorCode::model_not_found);
    std::filesystem::remove_all(folder_);
    expect_refused(ErrorCode::model_not_found);
}

TEST_F(ModelFolderTest, RefusesABrokenManifest) {
    for (const char* text : {"", "{", "[]", "{\"format\": 1}", "{\"format\": 2}"}) {
        rewrite("manifest.json", text);
        expect_refused(ErrorCode::model_damaged);
    }
}

TEST_F(ModelFolderTest, RefusesAFileOutsideTheFolder) {
    Manifest manifest = read_model_folder(folder_).manifest;
    std::filesystem::copy_file(folder_ / "detector.pt", folder_.string() + "-outside.pt");
    manifest.detector.file = "../" + folder_.filename().string() + "-outside.pt";
    write_manifest(folder_, manifest);
    expect_refused(ErrorCode::model_damaged);
    std::filesystem::remove(folder_.string() + "-outside.pt");
}

TEST_F(ModelFolderTest, ManifestSurvivesWritingAndReading) {
    Manifest manifest = read_model_folder(folder_).manifest;
    manifest.clustering.link_radius_mm = 7.25;
    manifest.clustering.join_radius_mm = 9.5;
    manifest.clustering.join_score = 0.75;
    manifest.cluster_threshold = 0.625;
    manifest.training_data = {"one", "two"};
    write_manifest(folder_, manifest);
    const Manifest again = read_model_folder(folder_).manifest;
    EXPECT_EQ(again.clustering.link_radius_mm, 7.25);
    EXPECT_EQ(again.clustering.join_radius_mm, 9.5);
    EXPECT_EQ(again.clustering.join_score, 0.75);
    EXPECT_EQ(again.cluster_threshold, 0.625);
    EXPECT_EQ(again.training_data, manifest.training_data);
    EXPECT_EQ(again.detector.sha256, manifest.detector.sha256);
}

TEST_F(ModelFolderTest, DomainSurvivesAndWhatIsNotNamedKeepsItsDefault) {
    Manifest manifest = read_model_folder(folder_).manifest;
    manifest.domain.noise = {0.001, 0.05};
    write_manifest(folder_, manifest);
    EXPECT_EQ(read_model_folder(folder_).manifest.domain.noise.most, 0.05);
    EXPECT_EQ(read_model_folder(folder_).manifest.domain.edges.most, Domain{}.edges.most);
}

TEST_F(ModelFolderTest, RefusesADomainThatNobodyWouldKeep) {
    std::ifstream input(folder_ / "manifest.json");
    const std::string text{std::istreambuf_iterator<char>(input), {}};
    for (const char* domain :
         {"{\"nose\": [0, 1]}", "{\"noise\": [1, 0]}", "{\"noise\": 1}", "{\"noise\": [1]}"}) {
        rewrite("manifest.json", std::string("{\"domain\": ").append(domain) + "," + text.substr(1));
        expect_refused(ErrorCode::model_damaged);
    }
}

TEST(Sha256, IsTheStandardsOwn) {
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() / ("calcnode-sha-test-" + std::to_string(getpid()));
    std::ofstream(file) << "abc";
    // FIPS 180-2, appendix B.1
    EXPECT_EQ(sha256_of_file(file), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    std::filesystem::remove(file);
}

}  // namespace
}  // namespace calcnode::pipeline
