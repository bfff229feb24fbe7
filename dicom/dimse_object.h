// The data set of a stored file on its way out as PDVs: as its bytes are, or re-encoded. Used by
// dimse_client.
#pragma once

#include <cstdint>
#include <memory>

#include "dicom/dimse_pdu.h"
#include "dicom/storage_scu.h"

namespace calcnode::dicom {

/// A file that is ready to be sent: opening found no fault with it.
class OutgoingDataset {
  public:
    virtual ~OutgoingDataset() = default;
    /// Throws Error network_error, or file_error and the like when the file fails half way; either way the
    /// association cannot be used after that.
    virtual void send(DimseConnection& connection, std::uint8_t context_id) = 0;
};

/// Sends as stored when `transfer_syntax` is the object's own, with constant memory; else re-encodes to it
/// (uncompressed and deflated ones only). Throws Error file_error, not_dicom or malformed_dataset.
std::unique_ptr<OutgoingDataset> open_outgoing(const OutgoingObject& object,
                                               const std::string& transfer_syntax);

}  // namespace calcnode::dicom
