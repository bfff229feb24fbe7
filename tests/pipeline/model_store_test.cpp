#include "pipeline/model_store.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "pipeline/error.h"
#include "pipeline/model_folder.h"

namespace calcnode::pipeline {
namespace {

using testing::HasSubstr;

class ModelStoreTest : public testing::Test {
  protected:
    ModelStoreTest()
        : folder_(std::filesystem::temp_directory_path() /
                  ("calcnode-store-test-" + std::to_string(getpid()))) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }
    ~ModelStoreTest() override { std::filesystem::remove_all(folder_); }

    void install(const std::string& folder, const std::string& name, const std::string& version) const {
        std::filesystem::create_directories(folder_ / folder);
        for (const char* network : {"d.pt", "s.pt"})
            std::ofstream(folder_ / folder / network) << "weights";
        Manifest manifest{.name = name, .version = version};
        manifest.detector = {.file = "d.pt", .receptive_field_px = 49, .stride = 4};
        manifest.segmentator = {.file = "s.pt", .receptive_field_px = 49};
        write_manifest(folder_ / folder, manifest);
    }

    std::string refusal(const std::string& name, const std::string& version) const {
        try {
            find_model(folder_, name, version);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::model_not_found);
            return error.what();
        }
        return "found";
    }

    std::filesystem::path folder_;
};

TEST_F(ModelStoreTest, TheManifestAndNotTheFolderNamesTheModel) {
    install("anything", "cascade", "1.0");
    install("cascade", "other", "1.0");
    EXPECT_EQ(find_model(folder_, "cascade", ""), folder_ / "anything");
    EXPECT_EQ(find_model(folder_, "other", "1.0"), folder_ / "cascade");
}

TEST_F(ModelStoreTest, TheVersionPicksOneOfSeveral) {
    install("cascade-1.0", "cascade", "1.0");
    install("cascade-1.1", "cascade", "1.1");
    EXPECT_EQ(find_model(folder_, "cascade", "1.1"), folder_ / "cascade-1.1");
    EXPECT_THAT(refusal("cascade", ""), HasSubstr("(cascade 1.0, cascade 1.1): name its version"));
}

TEST_F(ModelStoreTest, RefusalsListWhatIsInstalled) {
    EXPECT_THAT(refusal("cascade", ""), HasSubstr("installed: none"));
    install("a", "cascade", "1.0");
    install("b", "other", "2");
    EXPECT_THAT(refusal("cascade", "3"), HasSubstr("no model cascade version 3 in "));
    EXPECT_THAT(refusal("cascade", "3"), HasSubstr("installed: cascade 1.0, other 2"));
}

TEST_F(ModelStoreTest, TheSameModelTwiceIsRefused) {
    install("a", "cascade", "1.0");
    install("b", "cascade", "1.0");
    EXPECT_THAT(refusal("cascade", "1.0"), HasSubstr("remove one of them"));
}

TEST_F(ModelStoreTest, ListsWhatCannotBeReadAndWhy) {
    install("good", "cascade", "1.0");
    std::filesystem::create_directories(folder_ / "broken");
    std::ofstream(folder_ / "broken" / "manifest.json") << "{";
    std::filesystem::create_directories(folder_ / "no model");
    const std::vector<InstalledModel> models = installed_models(folder_);
    ASSERT_EQ(models.size(), 2U);
    EXPECT_EQ(models[0].folder, folder_ / "broken");
    EXPECT_THAT(models[0].trouble, HasSubstr("manifest.json"));
    EXPECT_EQ(models[1].identity.name, "cascade");
    EXPECT_THAT(refusal("x", ""), HasSubstr("broken (unreadable), cascade 1.0"));
    EXPECT_TRUE(installed_models(folder_ / "nowhere").empty());
}

}  // namespace
}  // namespace calcnode::pipeline
