#include "dicom/associate_accept.h"

#include <gtest/gtest.h>

#include "dicom/association_negotiation.h"
#include "dicom/uid.h"

namespace calcnode::dicom {
namespace {

using Bytes = std::vector<unsigned char>;

const AssociateProposal kProposal{
    .calling_ae_title = "MODALITY",
    .called_ae_title = "CALCNODE",
    .max_pdu = 32768,
    .contexts = {{1, kVerification, {kImplicitLittleEndian}},
                 {3, kMammographyForPresentation, {kImplicitLittleEndian, kJpegBaseline, kJpegLosslessSv1}},
                 {5, kMammographyForProcessing, {"1.2.840.10008.1.2.4.100"}},
                 {7, kSegmentationStorage, {kExplicitLittleEndian}}}};

void append_item(Bytes& bytes, unsigned char type, const Bytes& value) {
    bytes.insert(bytes.end(), {type, 0, static_cast<unsigned char>(value.size() >> 8),
                               static_cast<unsigned char>(value.size())});
    bytes.insert(bytes.end(), value.begin(), value.end());
}

// The request with `items` after its own.
Bytes request_with(const Bytes& items) {
    Bytes pdu = encode_associate_request(kProposal);
    pdu.insert(pdu.end(), items.begin(), items.end());
    const std::size_t length = pdu.size() - 6;
    for (int i = 0; i < 4; ++i)
        pdu[2 + static_cast<std::size_t>(i)] = static_cast<unsigned char>(length >> (24 - 8 * i));
    return pdu;
}

TEST(AssociateAccept, ReadsWhatARequestorWrites) {
    const auto request = parse_associate_request(encode_associate_request(kProposal));
    ASSERT_TRUE(request);
    EXPECT_TRUE(request->protocol_version_1);
    EXPECT_EQ(request->application_context, "1.2.840.10008.3.1.1.1");
    EXPECT_EQ(request->calling_ae_title, "MODALITY");
    EXPECT_EQ(request->called_ae_title, "CALCNODE");
    EXPECT_EQ(request->max_pdu, 32768u);
    ASSERT_EQ(request->contexts.size(), 4u);
    EXPECT_EQ(request->contexts[1].id, 3);
    EXPECT_EQ(request->contexts[1].abstract_syntax, kMammographyForPresentation);
    EXPECT_EQ(request->contexts[1].transfer_syntaxes, kProposal.contexts[1].transfer_syntaxes);
}

TEST(AssociateAccept, WritesWhatARequestorReads) {
    const auto request = parse_associate_request(encode_associate_request(kProposal));
    ASSERT_TRUE(request);
    const Negotiation agreed = negotiate(*request, {});
    EXPECT_TRUE(agreed.accepted);
    const std::span<const unsigned char> answer(agreed.answer);
    EXPECT_EQ(std::string(answer.begin() + 10, answer.begin() + 42), "CALCNODE        MODALITY        ");
    const AssociateReply reply = parse_associate_reply(answer[0], answer.subspan(6), kProposal);
    EXPECT_EQ(reply.kind, AssociateReply::Kind::accepted);
    EXPECT_EQ(reply.peer_max_pdu, 131072u);
    EXPECT_EQ(reply.contexts,
              (std::map<std::uint8_t, std::string>{{1, kImplicitLittleEndian}, {3, kJpegLosslessSv1}}));
    EXPECT_EQ(agreed.contexts.at(3).abstract_syntax, kMammographyForPresentation);
}

TEST(AssociateAccept, SaysWhyAContextIsRefused) {
    const auto request = parse_associate_request(encode_associate_request(kProposal));
    const Bytes answer = negotiate(*request, {}).answer;
    std::map<unsigned char, unsigned char> results;
    for (std::size_t at = 74; at + 4 <= answer.size(); at += 4u + (answer[at + 2] << 8 | answer[at + 3])) {
        if (answer[at] == 0x21) results[answer[at + 4]] = answer[at + 6];
    }
    EXPECT_EQ(results, (std::map<unsigned char, unsigned char>{{1, 0}, {3, 0}, {5, 4}, {7, 3}}));
}

TEST(AssociateAccept, RejectsAnotherProtocolOrApplication) {
    Bytes pdu = encode_associate_request(kProposal);
    pdu[7] = 2;
    Negotiation answer = negotiate(*parse_associate_request(pdu), {});
    EXPECT_FALSE(answer.accepted);
    EXPECT_EQ(answer.answer, (Bytes{3, 0, 0, 0, 0, 4, 0, 1, 2, 2}));
    pdu[7] = 3;  // version 1 and one to come
    EXPECT_TRUE(negotiate(*parse_associate_request(pdu), {}).accepted);
    pdu[78] = '9';  // the application context name
    answer = negotiate(*parse_associate_request(pdu), {});
    EXPECT_EQ(answer.answer, (Bytes{3, 0, 0, 0, 0, 4, 0, 1, 1, 2}));
}

TEST(AssociateAccept, PassesOverUserInformationThatItDoesNotUse) {
    Bytes user;
    append_item(user, 0x53, {0, 1, 0, 1});                  // asynchronous operations
    append_item(user, 0x54, {0, 3, '1', '.', '2', 1, 1});   // role selection
    append_item(user, 0x56, {0, 3, '1', '.', '2', 9});      // extended negotiation
    append_item(user, 0x58, {1, 1, 0, 1, 'u', 0, 1, 'p'});  // user identity
    append_item(user, 0x51, {0, 0, 0x10, 0});
    Bytes items;
    append_item(items, 0x50, user);
    append_item(items, 0x99, {1, 2, 3});
    const auto request = parse_associate_request(request_with(items));
    ASSERT_TRUE(request);
    EXPECT_EQ(request->max_pdu, 4096u);
}

TEST(AssociateAccept, RefusesIdsThatAreEvenOrTwice) {
    for (const unsigned char id : {std::uint8_t{2}, std::uint8_t{0}, std::uint8_t{3}}) {
        Bytes context{id, 0, 0, 0};
        append_item(context, 0x30, {'1', '.', '2'});
        Bytes items;
        append_item(items, 0x20, context);
        EXPECT_FALSE(parse_associate_request(request_with(items))) << static_cast<int>(id);
    }
    Bytes items;
    append_item(items, 0x20, {9, 0, 0, 0});  // no abstract syntax
    EXPECT_FALSE(parse_associate_request(request_with(items)));
}

TEST(AssociateAccept, SurvivesEverySingleByteChangeAndTruncation) {
    const Bytes whole = encode_associate_request(kProposal);
    for (std::size_t at = 0; at < whole.size(); ++at) {
        EXPECT_FALSE(parse_associate_request(std::span(whole).first(at)));
        for (const int value : {0x00, 0x01, 0x7F, 0x80, 0xFF}) {
            Bytes bytes = whole;
            bytes[at] = static_cast<unsigned char>(value);
            if (const auto request = parse_associate_request(bytes)) (void)negotiate(*request, {});
        }
    }
}

}  // namespace
}  // namespace calcnode::dicom
