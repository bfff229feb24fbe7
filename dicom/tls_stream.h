// One TLS connection over a descriptor that does not block: handshake step by step, then bytes. Without a
// wait, a thread or Asio, so that a silent peer costs neither. TLS 1.2 and 1.3 as BCP 195 (RFC 9325; PS3.15
// B.12). OpenSSL stays in the .cpp files. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dicom/peer_certificate.h"
#include "dicom/transport.h"

struct ssl_st;

namespace calcnode::dicom {

class TlsStream {
  public:
    /// Owns `ssl`, whose descriptor is set and stays its owner's.
    explicit TlsStream(ssl_st* ssl);
    ~TlsStream();  // says close_notify
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;

    /// One step of the handshake: `moved` when it is done; `failed` with a reason for the operator.
    Transfer handshake();

    Transfer read(std::span<unsigned char> buffer);
    Transfer write(std::span<const unsigned char> bytes);
    bool input_ready();

    /// What was read too early: read() gives it once more, before all else.
    void unread(std::vector<unsigned char> bytes);

    /// The peer's, after the handshake.
    const PeerCertificate* certificate() const { return certificate_ ? &*certificate_ : nullptr; }
    /// "TLSv1.3, TLS_AES_256_GCM_SHA384"
    std::string description() const;

  private:
    Transfer result_of(int outcome);
    Transfer explained(Transfer result);

    ssl_st* ssl_;
    std::unique_ptr<std::string>
        verification_;  // why the peer's certificate was refused; OpenSSL points at it
    std::optional<PeerCertificate> certificate_;
    std::vector<unsigned char> unread_;
    std::size_t unread_at_ = 0;
    bool broken_ = false;
    bool heard_ = false;  // bytes of the peer, after the handshake
};

/// A TLS stream with its descriptor, after the handshake.
class TlsTransport : public Transport {
  public:
    TlsTransport(int fd, std::unique_ptr<TlsStream> stream);
    Transfer read(std::span<unsigned char> buffer) override { return stream_->read(buffer); }
    Transfer write(std::span<const unsigned char> bytes) override { return stream_->write(bytes); }
    bool input_ready() override { return stream_->input_ready(); }
    int fd() const override { return fd_.get(); }
    bool is_tls() const override { return true; }
    const PeerCertificate* certificate() const override { return stream_->certificate(); }

  private:
    Descriptor fd_;
    std::unique_ptr<TlsStream> stream_;  // speaks a last time before the descriptor is closed
};

}  // namespace calcnode::dicom
