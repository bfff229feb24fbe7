#include "dicom/association_server.h"

#include <array>
#include <memory>
#include <optional>

#include <sys/socket.h>

#include "dicom/associate_accept.h"
#include "dicom/associate_items.h"
#include "dicom/associate_peek.h"
#include "dicom/association_negotiation.h"
#include "dicom/dimse_pdu.h"
#include "dicom/dimse_session.h"

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds kCloseTimeout{2};  // for the peer to close after our last PDU
constexpr unsigned char kAssociateRequestType = 1;

std::string error_end(const std::exception& error) {
    return std::string("error: ") + error.what();
}

struct Service {
    const AssociationPolicy& policy;
    const AssociationHandlers& handlers;
    const std::string& peer_address;
};

AssociateRequest read_request(DimseSocket& socket) {
    std::vector<unsigned char> pdu(kPduHeaderLength);
    socket.begin_step();
    socket.read(pdu);
    const std::size_t length = read_big_endian(pdu, 2, 4);
    if (pdu[0] != kAssociateRequestType || length > kMaxAssociateRequest) {
        throw Error(ErrorCode::network_error, "protocol error: no A-ASSOCIATE-RQ");
    }
    pdu.resize(kPduHeaderLength + length);
    socket.read(std::span(pdu).subspan(kPduHeaderLength));
    auto request = parse_associate_request(pdu);
    if (!request) throw Error(ErrorCode::network_error, "protocol error: malformed A-ASSOCIATE-RQ");
    return std::move(*request);
}

Caller caller_of(DimseConnection& connection) {
    const Transport& transport = connection.socket().transport();
    return {transport.certificate(), transport.is_tls()};
}

// True when the last word was ours, so that the peer is to close the connection (PS3.8 9.2.3, state 13).
bool serve_connection(DimseConnection& connection, const Service& service, AssociationOutcome& outcome) {
    connection.socket().set_interruptible(true);
    const AssociateRequest request = read_request(connection.socket());
    const Negotiation agreed = negotiate(request, service.policy, caller_of(connection));
    outcome.calling_ae_title = request.calling_ae_title;
    outcome.title_refusal = agreed.title_refusal;
    connection.socket().begin_step();
    connection.socket().write(agreed.answer);
    if (!agreed.accepted) {
        outcome.rejected = true;
        outcome.end = agreed.text;
        return true;
    }
    connection.set_pdu_lengths({agreed.our_max_pdu, request.max_pdu});
    const DimseSession::Terms terms{{service.peer_address, request.calling_ae_title, request.called_ae_title},
                                    agreed.contexts,
                                    service.policy.max_object_bytes};
    return DimseSession(connection, terms, service.handlers).run(outcome);
}

}  // namespace

AssociationOutcome AssociationServer::serve(std::unique_ptr<Transport> transport,
                                            const std::string& peer_address, const AssociationPolicy& policy,
                                            const AssociationHandlers& handlers,
                                            const std::atomic<bool>& stop) {
    AssociationOutcome outcome;
    const SocketLimits limits{policy.idle_timeout, Clock::now() + policy.total_timeout, &stop};
    DimseConnection connection(std::make_unique<DimseSocket>(std::move(transport), limits));
    bool peer_closes = true;
    try {
        peer_closes = serve_connection(connection, {policy, handlers, peer_address}, outcome);
    } catch (const ConnectionLost& error) {
        outcome.end = error_end(error);
        peer_closes = false;
    } catch (const Stopped&) {
        outcome.end = "stopped";
        connection.send_abort();
    } catch (const std::exception& error) {
        outcome.end = error_end(error);
        connection.send_abort();
    }
    if (peer_closes) connection.socket().await_close(kCloseTimeout);
    return outcome;
}

void AssociationServer::reject_busy(std::unique_ptr<Transport> transport) {
    // What was read off the socket cannot turn the close into a reset that overtakes the answer.
    std::array<unsigned char, 4096> dropped;
    std::size_t total = 0;
    while (total < kPduHeaderLength + kMaxAssociateRequest) {
        const Transfer got = transport->read(dropped);
        if (got.state != Transfer::State::moved) break;
        total += got.count;
    }
    constexpr Rejection kLocalLimitExceeded{.result = 2, .source = 3, .reason = 2};
    (void)transport->write(encode_associate_reject(kLocalLimitExceeded));
    ::shutdown(transport->fd(), SHUT_WR);
}

}  // namespace calcnode::dicom
