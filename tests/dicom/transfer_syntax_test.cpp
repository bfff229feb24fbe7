#include "dicom/transfer_syntax.h"

#include <algorithm>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "dicom/uid.h"

namespace calcnode::dicom {
namespace {

TEST(TransferSyntax, PrefersExplicitAndLosslessOverImplicitAndLossy) {
    const auto syntaxes = input_transfer_syntaxes();
    ASSERT_EQ(syntaxes.size(), 13u);
    EXPECT_STREQ(syntaxes.front(), kExplicitLittleEndian);
    const auto rank = [&](const char* uid) {
        return std::find(syntaxes.begin(), syntaxes.end(), std::string_view(uid)) - syntaxes.begin();
    };
    EXPECT_LT(rank(kJpegLossless), rank(kImplicitLittleEndian));
    for (const char* lossy : {kJpegBaseline, kJpegExtended, kJpegLsNearLossless, kJpeg2000}) {
        EXPECT_GT(rank(lossy), rank(kExplicitBigEndian)) << lossy;
    }
    EXPECT_EQ(std::set<std::string>(syntaxes.begin(), syntaxes.end()).size(), syntaxes.size());
}

TEST(TransferSyntax, KnowsItsOwn) {
    for (const char* uid : input_transfer_syntaxes())
        EXPECT_TRUE(is_input_transfer_syntax(uid));
    for (const char* uid : uncompressed_transfer_syntaxes())
        EXPECT_TRUE(is_input_transfer_syntax(uid));
    EXPECT_FALSE(is_input_transfer_syntax("1.2.840.10008.1.2.4.100"));
    EXPECT_FALSE(is_input_transfer_syntax(""));
}

}  // namespace
}  // namespace calcnode::dicom
