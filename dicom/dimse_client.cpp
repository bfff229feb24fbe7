#include "dicom/dimse_client.h"

#include <array>
#include <cerrno>
#include <limits>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dicom/associate_items.h"
#include "dicom/associate_peek.h"
#include "dicom/dimse_message.h"
#include "dicom/dimse_object.h"
#include "dicom/fail_point.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kOurMaxPdu = 16384;  // we only receive responses

struct FreeAddresses {
    void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};
using Addresses = std::unique_ptr<addrinfo, FreeAddresses>;

Addresses resolve(const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* list = nullptr;
    const int failure = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list);
    if (failure != 0) {
        throw Error(ErrorCode::network_error, "cannot resolve " + host + ": " + ::gai_strerror(failure));
    }
    return Addresses(list);
}

// 0, or the errno of the failure.
int finish_connect(int fd, Clock::time_point end) {
    pollfd waited{fd, POLLOUT, 0};
    int ready = 0;
    do {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return ETIMEDOUT;
        ready = ::poll(&waited, 1, static_cast<int>(left));
    } while (ready < 0 && errno == EINTR);
    if (ready == 0) return ETIMEDOUT;
    int failure = 0;
    socklen_t size = sizeof failure;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 ? failure : errno;
}

// A connected descriptor, or -1 with `failure` set.
int try_connect(const addrinfo& address, Clock::time_point end, int& failure) {
    const int fd =
        ::socket(address.ai_family, address.ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address.ai_protocol);
    if (fd < 0) {
        failure = errno;
        return -1;
    }
    failure = ::connect(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
    if (failure == EINPROGRESS) failure = finish_connect(fd, end);
    if (failure == 0) return fd;
    ::close(fd);
    return -1;
}

AssociateReply associate(DimseSocket& socket, const AssociateProposal& proposal) {
    socket.begin_step();
    socket.write(encode_associate_request(proposal));
    socket.begin_step();
    std::array<unsigned char, kPduHeaderLength> header;
    socket.read(header);
    const std::size_t length = read_big_endian(header, 2, 4);
    if (length > kMaxAssociateRequest) {
        throw Error(ErrorCode::network_error, "the peer's answer is no A-ASSOCIATE-AC or -RJ");
    }
    std::vector<unsigned char> body(length);
    socket.read(body);
    return parse_associate_reply(header[0], body, proposal);
}

}  // namespace

int connect_to_peer(const std::string& host, int port, std::chrono::seconds timeout) {
    const Addresses addresses = resolve(host, port);
    const auto end = Clock::now() + timeout;
    int failure = ETIMEDOUT;
    for (const addrinfo* address = addresses.get(); address != nullptr; address = address->ai_next) {
        const int fd = try_connect(*address, end, failure);
        if (fd >= 0) return fd;
    }
    throw Error(ErrorCode::network_error, "cannot connect to " + host + " port " + std::to_string(port) +
                                              ": " + std::generic_category().message(failure));
}

std::unique_ptr<Transport> connect_transport(const Peer& peer) {
    const auto end = Clock::now() + peer.connect_timeout;
    const int fd = connect_to_peer(peer.host, peer.port, peer.connect_timeout);
    if (!peer.tls) return std::make_unique<PlainTransport>(fd);
    return connect_tls(fd, *peer.tls, end);
}

DimseClient::DimseClient(const Peer& peer, const std::vector<ProposedContext>& contexts,
                         const std::vector<RoleSelection>& roles) {
    const SocketLimits limits{.idle = peer.response_timeout, .end = Clock::now() + peer.association_timeout};
    auto socket = std::make_unique<DimseSocket>(connect_transport(peer), limits);
    const AssociateProposal proposal{peer.own_ae_title, peer.ae_title, kOurMaxPdu, contexts, roles};
    AssociateReply reply = associate(*socket, proposal);
    using Kind = AssociateReply::Kind;
    if (reply.kind == Kind::rejected_permanent || reply.kind == Kind::rejected_transient) {
        throw AssociationRejected(reply.text, reply.kind == Kind::rejected_permanent);
    }
    if (reply.kind != Kind::accepted) throw Error(ErrorCode::network_error, reply.text);
    contexts_ = std::move(reply.contexts);
    roles_ = std::move(reply.roles);
    connection_ = std::make_unique<DimseConnection>(
        std::move(socket), DimseConnection::PduLengths{kOurMaxPdu, reply.peer_max_pdu});
}

CommandSet DimseClient::store(std::uint8_t context_id, const OutgoingObject& object) {
    const auto dataset = open_outgoing(object, contexts_.at(context_id));
    CommandSet command;
    command.command_field = kCommandStore;
    command.message_id = ++last_message_id_;
    command.data_set_type = kWithDataSet;
    command.affected_sop_class = object.sop_class_uid;
    command.affected_sop_instance = object.sop_instance_uid;
    fail_point("delivery.sending", object.sop_instance_uid);
    send_message(*connection_, {context_id, command});
    try {
        dataset->send(*connection_, context_id);
    } catch (const Error& error) {
        if (error.code() == ErrorCode::network_error) throw;
        throw Error(ErrorCode::network_error, error.what());
    }
    fail_point("delivery.sent", object.sop_instance_uid);
    const CommandSet response = response_to(command);
    fail_point("delivery.answered", object.sop_instance_uid);
    return response;
}

CommandSet DimseClient::echo(std::uint8_t context_id) {
    CommandSet command;
    command.command_field = kCommandEcho;
    command.message_id = ++last_message_id_;
    command.affected_sop_class = kVerification;
    send_message(*connection_, {context_id, command});
    return response_to(command);
}

CommandSet DimseClient::invoke(std::uint8_t context_id, CommandSet command,
                               std::span<const unsigned char> dataset) {
    command.message_id = ++last_message_id_;
    command.data_set_type = dataset.empty() ? kNoDataSet : kWithDataSet;
    send_message(*connection_, {context_id, command}, dataset);
    return response_to(command);
}

CommandSet DimseClient::response_to(const CommandSet& request) {
    DimseMessage message;
    const auto end = read_command(*connection_, message);
    if (end == PduEvent::abort) throw ConnectionLost("the peer aborted the association");
    if (end) throw ConnectionLost("the peer ended the association without an answer");
    const CommandSet& response = message.command;
    if (response.command_field != (request.command_field | kResponseBit) ||
        response.message_id_responded_to != request.message_id || response.has_data_set()) {
        protocol_violation("not the response to our request");
    }
    return response;
}

void DimseClient::release() noexcept {
    try {
        connection_->send_release_request();
        Pdv pdv;
        (void)connection_->next(pdv);
    } catch (const std::exception&) {
        // Everything has been answered: how the connection ends matters no more.
    }
}

}  // namespace calcnode::dicom
