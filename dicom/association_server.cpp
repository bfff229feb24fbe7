#include "dicom/association_server.h"

#include <algorithm>
#include <array>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dicom/associate_peek.h"
#include "dicom/association_negotiation.h"
#include "dicom/dimse_pdu.h"
#include "dicom/dimse_session.h"

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCloseTimeout{2};  // for the peer to close after our last PDU

std::string error_end(const std::exception& error) {
    return std::string("error: ") + error.what();
}

struct Service {
    const AssociationPolicy& policy;
    const StoreFunction& store;
    const std::string& peer_address;
};

// True when the last word was ours, so that the peer is to close the connection (PS3.8 9.2.3, states 2 and
// 13).
bool serve_accepted(DimseConnection& connection, const Negotiation& agreed, const Service& service,
                    AssociationOutcome& outcome) {
    const DimseSession::Terms terms{{service.peer_address, agreed.calling_ae_title, agreed.called_ae_title},
                                    agreed.contexts,
                                    service.policy.max_object_bytes};
    try {
        return DimseSession(connection, terms, service.store).run(outcome);
    } catch (const ConnectionLost& error) {
        outcome.end = error_end(error);
        return false;
    } catch (const Stopped&) {
        outcome.end = "stopped";
        connection.send_abort();
    } catch (const std::exception& error) {
        outcome.end = error_end(error);
        connection.send_abort();
    }
    return true;
}

}  // namespace

struct AssociationServer::Impl {
    T_ASC_Network* network = open_acceptor_network();
    Impl() = default;
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() { ASC_dropNetwork(&network); }
};

AssociationServer::AssociationServer() : impl_(std::make_unique<Impl>()) {}

AssociationServer::~AssociationServer() = default;

AssociationOutcome AssociationServer::serve(int fd, const std::string& peer_address,
                                            const AssociationPolicy& policy, const StoreFunction& store,
                                            const std::atomic<bool>& stop) {
    AssociationOutcome outcome;
    try {
        const SocketLimits limits{policy.idle_timeout, Clock::now() + policy.total_timeout, &stop};
        auto socket = std::make_unique<DimseSocket>(fd, limits);
        Negotiation agreed;
        try {
            agreed = negotiate(impl_->network, fd, policy);
        } catch (const std::exception& error) {
            agreed.text = error.what();
            agreed.result = Negotiation::Result::failed;
        }
        DimseConnection connection(std::move(socket),
                                   {std::max(agreed.our_max_pdu, 1u), agreed.peer_max_pdu});
        bool peer_closes = true;
        if (agreed.result == Negotiation::Result::accepted) {
            peer_closes = serve_accepted(connection, agreed, {policy, store, peer_address}, outcome);
        } else if (agreed.result == Negotiation::Result::rejected) {
            outcome.rejected = true;
            outcome.end = agreed.text;
        } else {
            outcome.end = "error: " + agreed.text;
            connection.send_abort();
        }
        if (peer_closes) connection.socket().await_close(kCloseTimeout);
    } catch (const std::exception& error) {
        outcome.end = error_end(error);
    }
    return outcome;
}

void AssociationServer::reject_busy(int fd) {
    // What was read off the socket cannot turn the close into a reset that overtakes the answer.
    std::array<unsigned char, 4096> dropped;
    std::size_t total = 0;
    while (total < kMaxAssociateRequest) {
        const ssize_t count = ::recv(fd, dropped.data(), dropped.size(), MSG_DONTWAIT);
        if (count <= 0) break;
        total += static_cast<std::size_t>(count);
    }
    // A-ASSOCIATE-RJ (PS3.8 Table 9-21): rejected-transient, by the presentation service,
    // local-limit-exceeded
    constexpr std::array<unsigned char, 10> kReject{3, 0, 0, 0, 0, 4, 0, 2, 3, 2};
    (void)::send(fd, kReject.data(), kReject.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(fd, SHUT_WR);
    ::close(fd);
}

}  // namespace calcnode::dicom
