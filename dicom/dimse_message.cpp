#include "dicom/dimse_message.h"

namespace calcnode::dicom {

void protocol_violation(const std::string& what) {
    throw Error(ErrorCode::network_error, "protocol error: " + what);
}

std::optional<PduEvent> read_command(DimseConnection& connection, DimseMessage& message) {
    std::vector<unsigned char> bytes;
    Pdv pdv;
    do {
        const PduEvent event = connection.next(pdv);
        if (event != PduEvent::data) return event;
        if (!pdv.is_command) protocol_violation("a data set without a command");
        if (bytes.empty()) message.context_id = pdv.context_id;
        if (pdv.context_id != message.context_id)
            protocol_violation("a command on two presentation contexts");
        if (pdv.data.size() > kMaxCommandSet - bytes.size()) protocol_violation("command set too long");
        bytes.insert(bytes.end(), pdv.data.begin(), pdv.data.end());
    } while (!pdv.is_last);
    std::string why;
    auto command = parse_command_set(bytes, why);
    if (!command) protocol_violation(why);
    message.command = std::move(*command);
    return std::nullopt;
}

std::optional<std::vector<unsigned char>> read_dataset(DimseConnection& connection, std::uint8_t context_id,
                                                       std::size_t cap) {
    std::vector<unsigned char> bytes;
    bool too_long = false;
    Pdv pdv;
    do {
        if (connection.next(pdv) != PduEvent::data) {
            protocol_violation("the association ended inside a data set");
        }
        if (pdv.is_command) protocol_violation("a command inside a data set");
        if (pdv.context_id != context_id) protocol_violation("a data set on two presentation contexts");
        too_long = too_long || pdv.data.size() > cap - bytes.size();
        if (!too_long) bytes.insert(bytes.end(), pdv.data.begin(), pdv.data.end());
    } while (!pdv.is_last);
    if (too_long) return std::nullopt;
    return bytes;
}

void send_message(DimseConnection& connection, const DimseMessage& message,
                  std::span<const unsigned char> dataset) {
    const auto command = encode_command_set(message.command);
    connection.send({.context_id = message.context_id, .is_command = true, .is_last = true, .data = command});
    if (dataset.empty()) return;
    connection.send(
        {.context_id = message.context_id, .is_command = false, .is_last = true, .data = dataset});
}

}  // namespace calcnode::dicom
