// DIMSE command sets (PS3.7 section 6.3, Annex E): reading one from a peer's bytes, writing our own. Pure
// functions, any thread. The reader is our own because DCMTK 3.6.7 parses command sets recursively and can be
// crashed by it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcnode::dicom {

/// Real command sets have a few hundred bytes.
inline constexpr std::size_t kMaxCommandSet = 8 * 1024;

// PS3.7 Table E.1-1; a response is its request's value with kResponseBit.
inline constexpr std::uint16_t kCommandStore = 0x0001;
inline constexpr std::uint16_t kCommandEcho = 0x0030;
inline constexpr std::uint16_t kCommandEventReport = 0x0100;
inline constexpr std::uint16_t kCommandAction = 0x0130;
inline constexpr std::uint16_t kCommandCancel = 0x0FFF;
inline constexpr std::uint16_t kResponseBit = 0x8000;

/// (0000,0800) when no data set follows; any other value: one does.
inline constexpr std::uint16_t kNoDataSet = 0x0101;
inline constexpr std::uint16_t kWithDataSet = 0x0001;

// PS3.7 Annex C
inline constexpr std::uint16_t kStatusSuccess = 0x0000;
inline constexpr std::uint16_t kStatusProcessingFailure = 0x0110;
inline constexpr std::uint16_t kStatusNoSuchSopInstance = 0x0112;
inline constexpr std::uint16_t kStatusNoSuchEventType = 0x0113;
inline constexpr std::uint16_t kStatusInvalidArgument = 0x0115;
inline constexpr std::uint16_t kStatusInvalidSopInstance = 0x0117;
inline constexpr std::uint16_t kStatusNoSuchSopClass = 0x0118;
inline constexpr std::uint16_t kStatusNoSuchActionType = 0x0123;
inline constexpr std::uint16_t kStatusNotAuthorized = 0x0124;
inline constexpr std::uint16_t kStatusUnrecognizedOperation = 0x0211;
inline constexpr std::uint16_t kStatusResourceLimitation = 0x0213;

struct CommandSet {
    std::uint16_t command_field = 0;
    std::uint16_t message_id = 0;               // of a request
    std::uint16_t message_id_responded_to = 0;  // of a response or a C-CANCEL
    std::uint16_t data_set_type = kNoDataSet;
    std::uint16_t priority = 0;
    std::uint16_t status = 0;        // of a response
    std::uint16_t event_type = 0;    // of N-EVENT-REPORT; 0: none
    std::uint16_t action_type = 0;   // of N-ACTION; 0: none
    std::string affected_sop_class;  // padding cut off; not checked to be legal
    std::string affected_sop_instance;
    std::string requested_sop_class;  // of an N-ACTION request
    std::string requested_sop_instance;
    std::string error_comment;

    bool has_data_set() const { return data_set_type != kNoDataSet; }
    bool is_response() const { return (command_field & kResponseBit) != 0; }
};

/// Flat group 0000 in Implicit VR Little Endian, at most kMaxCommandSet bytes; elements that we do not use
/// are passed over. Nothing when the bytes are no such thing: a foreign group, a length past the end, a
/// number of the wrong size, an element that comes twice, no command field or data set type, a request
/// without a message id; `why` then gets a reason.
std::optional<CommandSet> parse_command_set(std::span<const unsigned char> bytes, std::string& why);

/// Writes the elements that a C-ECHO, C-STORE, N-ACTION or N-EVENT-REPORT request or a response needs (status
/// and message id responded to for a response; empty strings and types that are 0 are left out). The comment
/// is cut to 64 printable characters (LO).
std::vector<unsigned char> encode_command_set(const CommandSet& command);

}  // namespace calcnode::dicom
