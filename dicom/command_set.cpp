#include "dicom/command_set.h"

#include <algorithm>
#include <set>

namespace calcnode::dicom {

namespace {

// Element numbers in group 0000 (PS3.7 Table E.1-1)
constexpr std::uint16_t kGroupLength = 0x0000;
constexpr std::uint16_t kAffectedSopClass = 0x0002;
constexpr std::uint16_t kRequestedSopClass = 0x0003;
constexpr std::uint16_t kCommandField = 0x0100;
constexpr std::uint16_t kMessageId = 0x0110;
constexpr std::uint16_t kMessageIdRespondedTo = 0x0120;
constexpr std::uint16_t kPriority = 0x0700;
constexpr std::uint16_t kDataSetType = 0x0800;
constexpr std::uint16_t kStatus = 0x0900;
constexpr std::uint16_t kErrorComment = 0x0902;
constexpr std::uint16_t kAffectedSopInstance = 0x1000;
constexpr std::uint16_t kRequestedSopInstance = 0x1001;
constexpr std::uint16_t kEventType = 0x1002;
constexpr std::uint16_t kActionType = 0x1008;

constexpr std::size_t kElementHeader = 8;
constexpr std::size_t kCommentLength = 64;  // LO

using Bytes = std::span<const unsigned char>;

std::uint16_t little16(Bytes bytes, std::size_t at) {
    return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

std::uint32_t little32(Bytes bytes, std::size_t at) {
    return little16(bytes, at) | static_cast<std::uint32_t>(little16(bytes, at + 2)) << 16;
}

std::string text(Bytes value) {
    std::string result(value.begin(), value.end());
    while (!result.empty() && (result.back() == '\0' || result.back() == ' '))
        result.pop_back();
    return result;
}

std::string printable(const std::string& comment) {
    std::string result = comment.substr(0, kCommentLength);
    std::replace_if(
        result.begin(), result.end(), [](char c) { return c < 0x20 || c > 0x7E || c == '\\'; }, '?');
    return result;
}

std::uint16_t* number_field(CommandSet& command, std::uint16_t element) {
    switch (element) {
        case kCommandField:
            return &command.command_field;
        case kMessageId:
            return &command.message_id;
        case kMessageIdRespondedTo:
            return &command.message_id_responded_to;
        case kPriority:
            return &command.priority;
        case kDataSetType:
            return &command.data_set_type;
        case kStatus:
            return &command.status;
        case kEventType:
            return &command.event_type;
        case kActionType:
            return &command.action_type;
        default:
            return nullptr;
    }
}

std::string* text_field(CommandSet& command, std::uint16_t element) {
    switch (element) {
        case kAffectedSopClass:
            return &command.affected_sop_class;
        case kAffectedSopInstance:
            return &command.affected_sop_instance;
        case kRequestedSopClass:
            return &command.requested_sop_class;
        case kRequestedSopInstance:
            return &command.requested_sop_instance;
        case kErrorComment:
            return &command.error_comment;
        default:
            return nullptr;
    }
}

// False when a number has not two bytes.
bool take_element(CommandSet& command, std::uint16_t element, Bytes value) {
    if (std::uint16_t* number = number_field(command, element)) {
        if (value.size() != 2) return false;
        *number = little16(value, 0);
    } else if (std::string* string = text_field(command, element)) {
        *string = text(value);
    }
    return true;
}

std::string what_is_missing(const std::set<std::uint16_t>& seen, const CommandSet& command) {
    if (!seen.contains(kCommandField)) return "no Command Field";
    if (!seen.contains(kDataSetType)) return "no Command Data Set Type";
    const bool answers = command.is_response() || command.command_field == kCommandCancel;
    if (!seen.contains(answers ? kMessageIdRespondedTo : kMessageId)) return "no Message ID";
    return {};
}

class Writer {
  public:
    void number(std::uint16_t element, std::uint16_t value) {
        header(element, 2);
        little(value, 2);
    }
    void string(std::uint16_t element, const std::string& value, char padding) {
        if (value.empty()) return;
        const bool odd = value.size() % 2 != 0;  // PS3.5 section 7.1.1: even lengths
        header(element, static_cast<std::uint32_t>(value.size() + (odd ? 1 : 0)));
        bytes_.insert(bytes_.end(), value.begin(), value.end());
        if (odd) bytes_.push_back(static_cast<unsigned char>(padding));
    }
    std::vector<unsigned char> finish() && {
        Writer whole;
        whole.header(kGroupLength, 4);
        whole.little(static_cast<std::uint32_t>(bytes_.size()), 4);
        whole.bytes_.insert(whole.bytes_.end(), bytes_.begin(), bytes_.end());
        return std::move(whole.bytes_);
    }

  private:
    void header(std::uint16_t element, std::uint32_t length) {
        little(0, 2);  // group 0000
        little(element, 2);
        little(length, 4);
    }
    void little(std::uint32_t value, int count) {
        for (int i = 0; i < count; ++i)
            bytes_.push_back(static_cast<unsigned char>(value >> (8 * i)));
    }
    std::vector<unsigned char> bytes_;
};

}  // namespace

std::optional<CommandSet> parse_command_set(std::span<const unsigned char> bytes, std::string& why) {
    const auto refuse = [&why](const char* reason) {
        why = reason;
        return std::nullopt;
    };
    if (bytes.size() > kMaxCommandSet) return refuse("command set too long");
    CommandSet command;
    std::set<std::uint16_t> seen;
    while (!bytes.empty()) {
        if (bytes.size() < kElementHeader) return refuse("truncated element in a command set");
        const std::uint16_t element = little16(bytes, 2);
        const std::uint32_t length = little32(bytes, 4);
        if (little16(bytes, 0) != 0) return refuse("element outside group 0000 in a command set");
        if (length > bytes.size() - kElementHeader) return refuse("element longer than its command set");
        if (!seen.insert(element).second) return refuse("element twice in a command set");
        if (!take_element(command, element, bytes.subspan(kElementHeader, length))) {
            return refuse("number of a wrong length in a command set");
        }
        bytes = bytes.subspan(kElementHeader + length);
    }
    if (std::string missing = what_is_missing(seen, command); !missing.empty()) {
        why = missing + " in a command set";
        return std::nullopt;
    }
    return command;
}

std::vector<unsigned char> encode_command_set(const CommandSet& command) {
    Writer writer;  // elements in ascending order (PS3.7 section 6.3.1)
    writer.string(kAffectedSopClass, command.affected_sop_class, '\0');
    writer.string(kRequestedSopClass, command.requested_sop_class, '\0');
    writer.number(kCommandField, command.command_field);
    if (command.is_response()) {
        writer.number(kMessageIdRespondedTo, command.message_id_responded_to);
    } else {
        writer.number(kMessageId, command.message_id);
        if (command.command_field == kCommandStore) writer.number(kPriority, command.priority);
    }
    writer.number(kDataSetType, command.data_set_type);
    if (command.is_response()) {
        writer.number(kStatus, command.status);
        writer.string(kErrorComment, printable(command.error_comment), ' ');
    }
    writer.string(kAffectedSopInstance, command.affected_sop_instance, '\0');
    writer.string(kRequestedSopInstance, command.requested_sop_instance, '\0');
    if (command.event_type != 0) writer.number(kEventType, command.event_type);
    if (command.action_type != 0) writer.number(kActionType, command.action_type);
    return std::move(writer).finish();
}

}  // namespace calcnode::dicom
