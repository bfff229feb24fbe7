// DIMSE messages over an established association (PS3.7 section 6.3): a command set, and a data set that is
// held in memory. Both are bounded. Used by either side; one thread at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dicom/command_set.h"
#include "dicom/dimse_pdu.h"

namespace calcnode::dicom {

struct DimseMessage {
    std::uint8_t context_id = 0;
    CommandSet command;
};

/// Error network_error "protocol error: ...", after which the association must be aborted.
[[noreturn]] void protocol_violation(const std::string& what);

/// Reads the next command set, of kMaxCommandSet bytes at most. Nothing: `message` is filled; else what came
/// in place of a command. Throws as DimseConnection::next() does, and for anything that is no command set.
std::optional<PduEvent> read_command(DimseConnection& connection, DimseMessage& message);

/// The data set that follows a command. Nothing when it has more than `cap` bytes: then it has been read and
/// dropped. Throws as read_command().
std::optional<std::vector<unsigned char>> read_dataset(DimseConnection& connection, std::uint8_t context_id,
                                                       std::size_t cap);

/// A command set, and a data set unless it is empty (then the command's data_set_type must say so).
void send_message(DimseConnection& connection, const DimseMessage& message,
                  std::span<const unsigned char> dataset = {});

}  // namespace calcnode::dicom
