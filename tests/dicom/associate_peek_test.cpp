#include "dicom/associate_peek.h"

#include <vector>

#include <gtest/gtest.h>

#include "dicom/associate_request.h"
#include "dicom/uid.h"

namespace calcnode::dicom {
namespace {

std::vector<unsigned char> request() {
    return encode_associate_request(
        {.calling_ae_title = "MODALITY",
         .called_ae_title = "CALCNODE",
         .max_pdu = 16384,
         .contexts = {{1, kVerification, {kImplicitLittleEndian}},
                      {3, kMammographyForPresentation, {kExplicitLittleEndian}}}});
}

AssociatePeek peek_text(const std::string& text) {
    return peek_associate_request({reinterpret_cast<const unsigned char*>(text.data()), text.size()});
}

// Offset of the first item: after the header and the fixed fields.
constexpr std::size_t kItems = 74;

TEST(AssociatePeek, NeedsMoreForEveryPrefix) {
    const auto bytes = request();
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        const AssociatePeek peek = peek_associate_request(std::span(bytes).first(length));
        ASSERT_EQ(peek.state, PeekState::need_more) << length;
        ASSERT_EQ(peek.pdu_length, length < 6 ? 0 : bytes.size()) << length;
    }
}

TEST(AssociatePeek, TellsTheTitlesOfACompleteRequest) {
    auto bytes = request();
    const std::size_t length = bytes.size();
    bytes.push_back(4);  // the next PDU is no part of it
    const AssociatePeek peek = peek_associate_request(bytes);
    EXPECT_EQ(peek.state, PeekState::complete);
    EXPECT_EQ(peek.pdu_length, length);
    EXPECT_EQ(peek.calling_ae_title, "MODALITY");
    EXPECT_EQ(peek.called_ae_title, "CALCNODE");
}

TEST(AssociatePeek, ShowsControlCharactersOfTitlesAsQuestionMarks) {
    auto bytes = request();
    bytes[10] = '\n';
    bytes[26 + 2] = 0xE4;
    const AssociatePeek peek = peek_associate_request(bytes);
    EXPECT_EQ(peek.called_ae_title, "?ALCNODE");
    EXPECT_EQ(peek.calling_ae_title, "MO?ALITY");
}

TEST(AssociatePeek, RecognisesHttpAndTls) {
    for (const char* text : {"GET / HTTP/1.1\r\n", "POST /", "G", "OPTIONS *", "PRI * HTTP/2.0"}) {
        EXPECT_EQ(peek_text(text).state, PeekState::not_dicom) << text;
        EXPECT_EQ(peek_text(text).hint, "HTTP request") << text;
    }
    EXPECT_EQ(peek_text(std::string("\x16\x03\x01\x02\x00\x01", 6)).hint, "TLS ClientHello");
    EXPECT_EQ(peek_text(std::string("\x16\x99", 2)).hint, "unknown protocol");
    EXPECT_EQ(peek_text("SSH-2.0-OpenSSH").hint, "unknown protocol");
    EXPECT_EQ(peek_text(std::string("\x00", 1)).hint, "unknown protocol");
}

TEST(AssociatePeek, RefusesAnotherPduFirst) {
    const AssociatePeek peek = peek_text(std::string("\x04\x00\x00\x00\x00\x04", 6));
    EXPECT_EQ(peek.state, PeekState::not_dicom);
    EXPECT_EQ(peek.hint, "DICOM, but no A-ASSOCIATE-RQ first");
}

TEST(AssociatePeek, CapsTheAnnouncedLength) {
    const auto state_for = [](std::size_t length) {
        const unsigned char bytes[6] = {1,
                                        0,
                                        static_cast<unsigned char>(length >> 24),
                                        static_cast<unsigned char>(length >> 16),
                                        static_cast<unsigned char>(length >> 8),
                                        static_cast<unsigned char>(length)};
        return peek_associate_request(bytes).state;
    };
    EXPECT_EQ(state_for(0xFFFFFFFF), PeekState::too_long);
    EXPECT_EQ(state_for(kMaxAssociateRequest + 1), PeekState::too_long);
    EXPECT_EQ(state_for(kMaxAssociateRequest), PeekState::need_more);
    EXPECT_EQ(state_for(68), PeekState::need_more);
    EXPECT_EQ(state_for(67), PeekState::not_dicom);
    EXPECT_EQ(state_for(0), PeekState::not_dicom);
}

TEST(AssociatePeek, RefusesItemsThatDoNotNest) {
    const auto whole = request();
    const auto with = [&](std::size_t offset, unsigned char value) {
        auto bytes = whole;
        bytes[offset] = value;
        return peek_associate_request(bytes).state;
    };
    ASSERT_EQ(with(kItems + 3, whole[kItems + 3]), PeekState::complete);
    EXPECT_EQ(with(kItems + 2, 0xFF), PeekState::not_dicom);                   // an item past the end
    EXPECT_EQ(with(kItems + 3, whole[kItems + 3] - 1), PeekState::not_dicom);  // the next item starts askew
    const std::size_t context = kItems + 4 + whole[kItems + 3];
    ASSERT_EQ(whole[context], 0x20);
    EXPECT_EQ(with(context + 4 + 4 + 2, 0xFF), PeekState::not_dicom);  // a sub-item longer than its context
}

TEST(AssociatePeek, RefusesMoreContextsThanThereAreIds) {
    AssociateProposal proposal;
    proposal.contexts.assign(128, {1, kVerification, {kImplicitLittleEndian}});
    EXPECT_EQ(peek_associate_request(encode_associate_request(proposal)).state, PeekState::complete);
    proposal.contexts.push_back(proposal.contexts.front());
    EXPECT_EQ(peek_associate_request(encode_associate_request(proposal)).state, PeekState::not_dicom);
}

TEST(AssociatePeek, SurvivesEverySingleByteChange) {
    const auto whole = request();
    int complete = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            auto bytes = whole;
            bytes[at] = static_cast<unsigned char>(value);
            complete += peek_associate_request(bytes).state == PeekState::complete ? 1 : 0;
        }
    }
    EXPECT_GT(complete, 0);
}

}  // namespace
}  // namespace calcnode::dicom
