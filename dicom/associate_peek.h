// What can be told from the first bytes of a connection, before a thread is spent on it
// (PS3.8 9.3.1, 9.3.2: A-ASSOCIATE-RQ). Pure functions over bytes from the wire; never throw, never allocate
// by a peer's word.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace calcnode::dicom {

inline constexpr std::size_t kMaxAssociateRequest = 64 * 1024;

enum class PeekState {
    need_more,  // a prefix of an A-ASSOCIATE-RQ so far
    complete,   // the whole PDU is there
    not_dicom,  // the first bytes are no A-ASSOCIATE-RQ (see `hint`)
    too_long,   // the announced length is over kMaxAssociateRequest
};

struct AssociatePeek {
    PeekState state = PeekState::need_more;
    std::size_t pdu_length = 0;    // with its 6 byte header; 0 until known
    std::string calling_ae_title;  // trimmed; set when complete (control characters shown as '?')
    std::string called_ae_title;
    std::string hint;  // for not_dicom: "HTTP request", "TLS ClientHello", "unknown protocol", ...
};

/// Complete means also that every item lies within its parent.
AssociatePeek peek_associate_request(std::span<const unsigned char> bytes);

}  // namespace calcnode::dicom
