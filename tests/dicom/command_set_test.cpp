#include "dicom/command_set.h"

#include <gtest/gtest.h>

#include "dicom/uid.h"

namespace calcnode::dicom {
namespace {

using Bytes = std::vector<unsigned char>;

struct Element {
    std::uint16_t group;
    std::uint16_t element;
    std::uint32_t length;  // as written; may lie
    Bytes value;
};

Element element(std::uint16_t number, const Bytes& value) {
    return {0, number, static_cast<std::uint32_t>(value.size()), value};
}

Element number(std::uint16_t tag, std::uint16_t value) {
    return element(tag, {static_cast<unsigned char>(value), static_cast<unsigned char>(value >> 8)});
}

Element text(std::uint16_t tag, const std::string& value) {
    return element(tag, {value.begin(), value.end()});
}

void append(Bytes& bytes, std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i)
        bytes.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

Bytes encode(const std::vector<Element>& elements) {
    Bytes bytes;
    for (const Element& one : elements) {
        append(bytes, one.group, 2);
        append(bytes, one.element, 2);
        append(bytes, one.length, 4);
        bytes.insert(bytes.end(), one.value.begin(), one.value.end());
    }
    return bytes;
}

std::vector<Element> store_request() {
    return {element(0x0000, {0, 0, 0, 0}),
            text(0x0002, "1.2.840.10008.5.1.4.1.1.1.2\0"),
            number(0x0100, kCommandStore),
            number(0x0110, 7),
            number(0x0700, 0),
            number(0x0800, 1),
            text(0x1000, "1.2.3")};  // odd: seen in the wild, harmless
}

std::string reason(const std::vector<Element>& elements) {
    std::string why;
    EXPECT_FALSE(parse_command_set(encode(elements), why).has_value());
    return why;
}

TEST(CommandSet, ReadsAStoreRequest) {
    std::string why;
    const auto command = parse_command_set(encode(store_request()), why);
    ASSERT_TRUE(command) << why;
    EXPECT_EQ(command->command_field, kCommandStore);
    EXPECT_EQ(command->message_id, 7);
    EXPECT_TRUE(command->has_data_set());
    EXPECT_FALSE(command->is_response());
    EXPECT_EQ(command->affected_sop_class, kMammographyForPresentation);
    EXPECT_EQ(command->affected_sop_instance, "1.2.3");
}

TEST(CommandSet, PassesOverElementsThatItDoesNotUse) {
    auto elements = store_request();
    elements.push_back(text(0x1030, "MOVER "));
    std::string why;
    EXPECT_TRUE(parse_command_set(encode(elements), why)) << why;
}

TEST(CommandSet, RefusesANestedSequence) {
    auto elements = store_request();
    elements.push_back({0x0008, 0x1140, 0xFFFFFFFF, {0xFE, 0xFF, 0x00, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF}});
    EXPECT_EQ(reason(elements), "element outside group 0000 in a command set");
    elements.back().group = 0;
    EXPECT_EQ(reason(elements), "element longer than its command set");
}

TEST(CommandSet, RefusesLengthsPastTheEnd) {
    auto elements = store_request();
    for (const std::uint32_t length : {6u, 8192u, 0x7FFFFFFFu, 0x80000000u, 0xFFFFFFFEu, 0xFFFFFFFFu}) {
        elements.back().length = length;
        EXPECT_EQ(reason(elements), "element longer than its command set") << length;
    }
}

TEST(CommandSet, RefusesEveryTruncation) {
    const Bytes whole = encode(store_request());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        std::string why;
        const auto command = parse_command_set(std::span(whole).first(length), why);
        // Cut before the last element it is whole again, only without an instance UID.
        const bool between = length == whole.size() - 13;
        EXPECT_EQ(command.has_value(), between) << length;
        EXPECT_EQ(why.empty(), between) << length;
    }
}

TEST(CommandSet, RefusesAnElementTwice) {
    auto elements = store_request();
    elements.push_back(number(0x0110, 8));
    EXPECT_EQ(reason(elements), "element twice in a command set");
}

TEST(CommandSet, RefusesNumbersOfAnotherSize) {
    for (const std::size_t size : {0u, 1u, 3u, 4u}) {
        auto elements = store_request();
        elements[2] = element(0x0100, Bytes(size, 1));
        EXPECT_EQ(reason(elements), "number of a wrong length in a command set") << size;
    }
}

TEST(CommandSet, RefusesWhatLacksItsIdentity) {
    for (const std::size_t index : {2u, 3u, 5u}) {
        auto elements = store_request();
        elements.erase(elements.begin() + static_cast<std::ptrdiff_t>(index));
        EXPECT_NE(reason(elements).find("no "), std::string::npos) << index;
    }
    auto response = store_request();
    response[2] = number(0x0100, kCommandStore | kResponseBit);  // has (0000,0110), not (0000,0120)
    EXPECT_EQ(reason(response), "no Message ID in a command set");
}

TEST(CommandSet, RefusesMoreThanEightKilobytes) {
    auto elements = store_request();
    elements.push_back(text(0x0902, std::string(kMaxCommandSet, 'x')));
    EXPECT_EQ(reason(elements), "command set too long");
}

TEST(CommandSet, WritesWhatItReads) {
    CommandSet response;
    response.command_field = kCommandStore | kResponseBit;
    response.message_id_responded_to = 65535;
    response.status = 0xA700;
    response.affected_sop_class = kMammographyForPresentation;
    response.affected_sop_instance = "1.2.34";
    response.error_comment = "disk full";
    const Bytes bytes = encode_command_set(response);
    EXPECT_EQ(bytes.size() % 2, 0u);
    EXPECT_EQ(bytes[8] | bytes[9] << 8, static_cast<int>(bytes.size() - 12));  // (0000,0000)
    std::string why;
    const auto read = parse_command_set(bytes, why);
    ASSERT_TRUE(read) << why;
    EXPECT_TRUE(read->is_response());
    EXPECT_EQ(read->message_id_responded_to, 65535);
    EXPECT_EQ(read->status, 0xA700);
    EXPECT_EQ(read->affected_sop_class, response.affected_sop_class);
    EXPECT_EQ(read->affected_sop_instance, "1.2.34");
    EXPECT_EQ(read->error_comment, "disk full");
    EXPECT_FALSE(read->has_data_set());
}

TEST(CommandSet, CutsAndCleansTheComment) {
    CommandSet response;
    response.command_field = kCommandEcho | kResponseBit;
    response.error_comment = "a\\b\nc\xC3\xA4" + std::string(100, 'x');
    std::string why;
    const auto read = parse_command_set(encode_command_set(response), why);
    ASSERT_TRUE(read) << why;
    EXPECT_EQ(read->error_comment.size(), 64u);
    EXPECT_EQ(read->error_comment.substr(0, 8), "a?b?c??x");
}

}  // namespace
}  // namespace calcnode::dicom
