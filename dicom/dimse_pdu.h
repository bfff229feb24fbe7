// The PDUs of an established association (PS3.8 9.3.4 to 9.3.8): P-DATA-TF in and out, release, abort. One
// thread at a time; owns the socket. Memory: one buffer of the largest PDU that we announced.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dicom/dimse_socket.h"

namespace calcnode::dicom {

/// A presentation data value: a fragment of a command set or of a data set (PS3.8 Annex E).
struct Pdv {
    std::uint8_t context_id = 0;
    bool is_command = false;
    bool is_last = false;
    std::span<const unsigned char> data;  // valid until the next call of next()
};

enum class PduEvent { data, release_request, release_reply, abort };

class DimseConnection {
  public:
    struct PduLengths {
        std::uint32_t ours;   // that we announced
        std::uint32_t peers;  // that the peer announced; 0: any
    };
    explicit DimseConnection(std::unique_ptr<DimseSocket> socket) : socket_(std::move(socket)) {}
    DimseConnection(std::unique_ptr<DimseSocket> socket, const PduLengths& lengths);

    /// What was negotiated; before that nothing can be received.
    void set_pdu_lengths(const PduLengths& lengths);

    /// The next PDV (`pdv` filled) or the end of the association. Throws Error network_error for anything
    /// that PS3.8 does not allow here, and what DimseSocket::read throws.
    PduEvent next(Pdv& pdv);

    /// True as soon as next() has something to look at; false when nothing came for `longest`. Throws as
    /// next().
    bool readable_within(std::chrono::milliseconds longest);

    /// Sends one command set or a piece of a data set, cut to PDUs that the peer takes.
    void send(const Pdv& pdv);

    void send_release_request();
    void send_release_reply();
    /// A-ABORT (PS3.8 Table 9-26: source 0, service-user). Never throws.
    void send_abort() noexcept;

    DimseSocket& socket() { return *socket_; }

    /// How many bytes of a data set fit into one PDU to the peer.
    std::size_t largest_fragment() const;

  private:
    PduEvent read_pdu();
    bool take_pdv(Pdv& pdv);

    std::unique_ptr<DimseSocket> socket_;
    PduLengths lengths_{0, 0};
    std::vector<unsigned char> body_;        // of the P-DATA-TF being read
    std::span<const unsigned char> unread_;  // PDVs of it not handed out yet
    std::vector<unsigned char> out_;
};

}  // namespace calcnode::dicom
