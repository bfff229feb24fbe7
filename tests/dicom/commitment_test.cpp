#include "dicom/commitment.h"

#include <gtest/gtest.h>

#include "dicom/associate_roles.h"
#include "dicom/error.h"
#include "dicom/uid.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom {
namespace {

using Bytes = std::vector<unsigned char>;

class CommitmentTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { testing::start_library(); }
};

const SopReference kOne{kSegmentationStorage, "1.2.3.1"};
const SopReference kTwo{kMammographyCadSr, "1.2.3.22"};

/// The code that parsing the bytes throws as a request; nothing when it parses.
std::optional<ErrorCode> refusal(const Bytes& bytes, const std::string& syntax = kExplicitLittleEndian) {
    try {
        (void)parse_commitment_request(bytes, syntax);
        return std::nullopt;
    } catch (const Error& error) {
        return error.code();
    }
}

Bytes bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

std::string text_of(const Bytes& bytes) {
    return {bytes.begin(), bytes.end()};
}

TEST_F(CommitmentTest, ARequestReadsAsItWasWritten) {
    for (const char* syntax : {kExplicitLittleEndian, kImplicitLittleEndian, kExplicitBigEndian}) {
        const auto request =
            parse_commitment_request(encode_commitment_request({"2.25.1", {kOne, kTwo}}, syntax), syntax);
        EXPECT_EQ(request.transaction_uid, "2.25.1") << syntax;
        EXPECT_EQ(request.references, (std::vector{kOne, kTwo})) << syntax;
    }
}

TEST_F(CommitmentTest, AReportReadsAsItWasWritten) {
    const CommitmentReport report{"2.25.1", {kOne}, {{kTwo, kReasonNoSuchObject}}};
    EXPECT_EQ(report.event_type(), 2);
    const auto read = parse_commitment_report(encode_commitment_report(report, kImplicitLittleEndian),
                                              kImplicitLittleEndian);
    EXPECT_EQ(read.transaction_uid, "2.25.1");
    EXPECT_EQ(read.committed, report.committed);
    EXPECT_EQ(read.failed, report.failed);
    EXPECT_EQ((CommitmentReport{"2.25.1", {kOne}, {}}.event_type()), 1);
}

TEST_F(CommitmentTest, AReferenceInBothListsHasFailed) {
    const CommitmentReport report{"2.25.1", {kOne, kTwo}, {{kTwo, kReasonProcessingFailure}}};
    const auto read = parse_commitment_report(encode_commitment_report(report, kExplicitLittleEndian),
                                              kExplicitLittleEndian);
    EXPECT_EQ(read.committed, std::vector{kOne});
    EXPECT_EQ(read.failed.size(), 1u);
}

TEST_F(CommitmentTest, ThousandsOfReferencesFit) {
    CommitmentRequest request{"2.25.1", {}};
    for (int i = 0; i < 7000; ++i)
        request.references.push_back(
            {kMammographyForPresentation, "1.2.826.0.1.3680043." + std::to_string(i)});
    const Bytes bytes = encode_commitment_request(request, kExplicitLittleEndian);
    ASSERT_LT(bytes.size(), kMaxCommitmentDataset);
    EXPECT_EQ(parse_commitment_request(bytes, kExplicitLittleEndian).references, request.references);
}

TEST_F(CommitmentTest, TooManyReferencesAreTooLarge) {
    CommitmentRequest request{"2.25.1",
                              std::vector<SopReference>(kMaxCommitmentReferences + 1, {"1.2", "1.3"})};
    EXPECT_EQ(refusal(encode_commitment_request(request, kImplicitLittleEndian), kImplicitLittleEndian),
              ErrorCode::too_large);
}

TEST_F(CommitmentTest, WhatIsMissingIsSaid) {
    EXPECT_EQ(refusal({}), ErrorCode::missing_attribute);
    EXPECT_EQ(refusal(encode_commitment_request({"2.25.1", {}}, kExplicitLittleEndian)),
              ErrorCode::missing_attribute);
    EXPECT_EQ(refusal(encode_commitment_request({"", {kOne}}, kExplicitLittleEndian)),
              ErrorCode::missing_attribute);
    EXPECT_EQ(refusal(encode_commitment_request({"2.25.1", {{"1.2", ""}}}, kExplicitLittleEndian)),
              ErrorCode::missing_attribute);
}

TEST_F(CommitmentTest, WhatIsNoUidIsRefused) {
    for (const char* uid : {"1.2.x", "'; drop table instance", "1.2.3\\1.2"}) {
        std::string bytes =
            text_of(encode_commitment_request({"2.25.1", {{"1.2", "7777777777"}}}, kExplicitLittleEndian));
        std::string value(uid);
        value.resize(10, ' ');
        bytes.replace(bytes.find("7777777777"), 10, value);
        const auto code = refusal(bytes_of(bytes));
        if (std::string(uid) == "1.2.3\\1.2") {
            EXPECT_FALSE(code) << "the first of two values counts";
        } else {
            EXPECT_EQ(code, ErrorCode::malformed_dataset) << uid;
        }
    }
}

TEST_F(CommitmentTest, NestedSequencesAreRefusedBeforeDcmtkSeesThem) {
    std::string attack;
    for (int i = 0; i < 30000; ++i)
        attack += std::string("\x08\0\x99\x11\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF", 16);
    EXPECT_EQ(refusal(bytes_of(attack), kImplicitLittleEndian), ErrorCode::too_large);
}

TEST_F(CommitmentTest, NoPrefixOfARequestIsAnother) {
    const Bytes whole = encode_commitment_request({"2.25.1", {kOne, kTwo}}, kExplicitLittleEndian);
    for (std::size_t length = 0; length < whole.size(); ++length)
        EXPECT_TRUE(refusal({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)})) << length;
}

TEST(RoleSelectionTest, ReadsAsItWasWritten) {
    const std::string value = encode_role({"1.2.3", false, true});
    const auto role = parse_role({reinterpret_cast<const unsigned char*>(value.data()), value.size()});
    ASSERT_TRUE(role);
    EXPECT_EQ(role->sop_class_uid, "1.2.3");
    EXPECT_FALSE(role->scu);
    EXPECT_TRUE(role->scp);
    for (std::size_t length = 0; length < value.size(); ++length)
        EXPECT_FALSE(parse_role({reinterpret_cast<const unsigned char*>(value.data()), length})) << length;
}

}  // namespace
}  // namespace calcnode::dicom
