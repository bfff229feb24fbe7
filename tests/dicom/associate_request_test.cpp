#include "dicom/associate_request.h"

#include <gtest/gtest.h>

#include "dicom/uid.h"

namespace calcnode::dicom {
namespace {

using Kind = AssociateReply::Kind;
using Bytes = std::vector<unsigned char>;

const AssociateProposal kProposal{.calling_ae_title = "CALCNODE",
                                  .called_ae_title = "PACS",
                                  .max_pdu = 16384,
                                  .contexts = {{1, kSegmentationStorage, {kExplicitLittleEndian}},
                                               {3, kSegmentationStorage, {kImplicitLittleEndian}}}};

void append_item(Bytes& bytes, unsigned char type, const Bytes& value) {
    bytes.insert(bytes.end(), {type, 0, static_cast<unsigned char>(value.size() >> 8),
                               static_cast<unsigned char>(value.size())});
    bytes.insert(bytes.end(), value.begin(), value.end());
}

Bytes bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

Bytes answered_context(unsigned char id, unsigned char result, const std::string& syntax) {
    Bytes value{id, 0, result, 0};
    append_item(value, 0x40, bytes_of(syntax));
    return value;
}

Bytes accept_body(const std::vector<Bytes>& contexts) {
    Bytes body(68, 0);
    append_item(body, 0x10, bytes_of("1.2.840.10008.3.1.1.1"));
    for (const Bytes& context : contexts)
        append_item(body, 0x21, context);
    Bytes user;
    append_item(user, 0x51, {0, 1, 0, 0});
    append_item(body, 0x50, user);
    return body;
}

TEST(AssociateRequest, HasTheBytesOfPs38) {
    const Bytes pdu = encode_associate_request(kProposal);
    ASSERT_GT(pdu.size(), 74u);
    EXPECT_EQ(pdu[0], 1);
    EXPECT_EQ((pdu[2] << 24 | pdu[3] << 16 | pdu[4] << 8 | pdu[5]), static_cast<int>(pdu.size() - 6));
    EXPECT_EQ(pdu[7], 1);  // protocol version
    EXPECT_EQ(std::string(pdu.begin() + 10, pdu.begin() + 26), "PACS            ");
    EXPECT_EQ(std::string(pdu.begin() + 26, pdu.begin() + 42), "CALCNODE        ");
    EXPECT_EQ(pdu[74], 0x10);
    EXPECT_EQ(pdu[77], 21);
}

TEST(AssociateReply, TakesAcceptedContextsAndThePduLength) {
    const auto body =
        accept_body({answered_context(1, 4, ""), answered_context(3, 0, kImplicitLittleEndian)});
    const AssociateReply reply = parse_associate_reply(2, body, kProposal);
    EXPECT_EQ(reply.kind, Kind::accepted);
    EXPECT_EQ(reply.peer_max_pdu, 65536u);
    EXPECT_EQ(reply.contexts, (std::map<std::uint8_t, std::string>{{3, kImplicitLittleEndian}}));
}

TEST(AssociateReply, IgnoresContextsThatWereNotProposed) {
    const auto body =
        accept_body({answered_context(1, 0, kJpegBaseline), answered_context(5, 0, kExplicitLittleEndian)});
    const AssociateReply reply = parse_associate_reply(2, body, kProposal);
    EXPECT_EQ(reply.kind, Kind::accepted);
    EXPECT_TRUE(reply.contexts.empty());
}

TEST(AssociateReply, TellsARejection) {
    const AssociateReply unknown = parse_associate_reply(3, Bytes{0, 1, 1, 7}, kProposal);
    EXPECT_EQ(unknown.kind, Kind::rejected_permanent);
    EXPECT_EQ(unknown.text, "association rejected (permanent): called AE title not recognised");
    const AssociateReply busy = parse_associate_reply(3, Bytes{0, 2, 3, 2}, kProposal);
    EXPECT_EQ(busy.kind, Kind::rejected_transient);
    EXPECT_EQ(busy.text, "association rejected (transient): local limit exceeded");
    EXPECT_EQ(parse_associate_reply(3, Bytes{0, 1, 1}, kProposal).kind, Kind::malformed);
}

TEST(AssociateReply, TellsAnAbortAndNonsense) {
    EXPECT_EQ(parse_associate_reply(7, Bytes{0, 0, 2, 0}, kProposal).kind, Kind::aborted);
    EXPECT_EQ(parse_associate_reply(4, Bytes(100, 0), kProposal).kind, Kind::malformed);
    EXPECT_EQ(parse_associate_reply(2, {}, kProposal).kind, Kind::malformed);
}

TEST(AssociateReply, SurvivesTruncationAndLongItems) {
    const auto body = accept_body({answered_context(1, 0, kExplicitLittleEndian)});
    ASSERT_EQ(parse_associate_reply(2, body, kProposal).kind, Kind::accepted);
    for (std::size_t length = 69; length < body.size(); ++length) {
        const AssociateReply reply = parse_associate_reply(2, std::span(body).first(length), kProposal);
        const bool between_items = length == 68 + 4 + 21 || length == body.size() - 12;
        EXPECT_EQ(reply.kind, between_items ? Kind::accepted : Kind::malformed) << length;
    }
    for (std::size_t at = 68; at < body.size(); ++at) {
        auto changed = body;
        changed[at] = 0xFF;
        (void)parse_associate_reply(2, changed, kProposal);
    }
}

}  // namespace
}  // namespace calcnode::dicom
