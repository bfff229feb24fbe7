#include "tests/dicom/test_node.h"

#include <array>
#include <cstring>

#include <arpa/inet.h>
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dicom/associate_items.h"
#include "dicom/associate_peek.h"
#include "dicom/check.h"
#include "dicom/library.h"
#include "dicom/uid.h"

namespace calcnode::dicom::testing {

namespace {

constexpr std::chrono::seconds kPatience{20};

bool readable(int fd, std::chrono::milliseconds wait) {
    pollfd waited{fd, POLLIN, 0};
    return ::poll(&waited, 1, static_cast<int>(wait.count())) > 0;
}

}  // namespace

void start_library() {
    static std::once_flag once;
    std::call_once(once, initialise_library);
}

Listener::Listener(bool ipv6) {
    sockaddr_storage address{};
    socklen_t size = sizeof(sockaddr_in);
    if (ipv6) {
        auto* six = reinterpret_cast<sockaddr_in6*>(&address);
        six->sin6_family = AF_INET6;
        six->sin6_addr = in6addr_loopback;
        size = sizeof(sockaddr_in6);
    } else {
        auto* four = reinterpret_cast<sockaddr_in*>(&address);
        four->sin_family = AF_INET;
        four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    }
    fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 64) != 0)
        return;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(ipv6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                       : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

Listener::~Listener() {
    if (fd_ >= 0) ::close(fd_);
}

int Listener::accept(std::chrono::milliseconds wait) {
    return readable(fd_, wait) ? ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC) : -1;
}

bool await_request(int fd) {
    std::vector<unsigned char> bytes(kPduHeaderLength + kMaxAssociateRequest);
    int wanted = 1;  // SO_RCVLOWAT lets poll() sleep until there is more than we have seen
    while (true) {
        ::setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted);
        if (!readable(fd, kPatience)) return false;
        const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
        if (count <= 0) return false;
        const auto seen = peek_associate_request(std::span(bytes).first(static_cast<std::size_t>(count)));
        if (seen.state != PeekState::need_more) {
            wanted = 1;
            ::setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &wanted, sizeof wanted);
            return seen.state == PeekState::complete;
        }
        if (count < wanted) return false;  // closed with less
        wanted = static_cast<int>(count) + 1;
    }
}

TestNode::TestNode(AssociationPolicy policy, AssociationHandlers handlers, bool ipv6)
    : policy_(std::move(policy)), handlers_(std::move(handlers)), listener_(ipv6) {
    acceptor_ = std::thread([this] { run(); });
}

TestNode::~TestNode() {
    closing_ = true;
    stop = true;
    acceptor_.join();
    for (std::thread& thread : associations_)
        thread.join();
}

void TestNode::run() {
    while (!closing_) {
        const int fd = listener_.accept(std::chrono::milliseconds(50));
        if (fd < 0) continue;
        associations_.emplace_back([this, fd] {
            if (!await_request(fd)) {
                ::close(fd);
                return;
            }
            AssociationOutcome outcome = AssociationServer::serve(fd, "127.0.0.1", policy_, handlers_, stop);
            const std::lock_guard lock(mutex_);
            outcomes_.push_back(std::move(outcome));
            ended_.notify_all();
        });
    }
}

AssociationOutcome TestNode::outcome() {
    std::unique_lock lock(mutex_);
    if (!ended_.wait_for(lock, kPatience, [this] { return !outcomes_.empty(); }))
        return {.end = "never ended"};
    AssociationOutcome first = std::move(outcomes_.front());
    outcomes_.pop_front();
    return first;
}

std::string read_all(DatasetStream& stream) {
    std::string bytes;
    for (auto piece = stream.next(); !piece.empty(); piece = stream.next())
        bytes.append(piece.begin(), piece.end());
    return bytes;
}

std::vector<ProposedContext> usual_contexts() {
    return {{1, kVerification, {kImplicitLittleEndian}},
            {3, kMammographyForPresentation, {kExplicitLittleEndian}}};
}

CommandSet store_command(const std::string& class_uid, const std::string& instance_uid) {
    CommandSet command;
    command.command_field = kCommandStore;
    command.message_id = 1;
    command.data_set_type = 1;
    command.affected_sop_class = class_uid;
    command.affected_sop_instance = instance_uid;
    return command;
}

RawPeer::RawPeer(int port, const std::vector<ProposedContext>& contexts, const std::string& called,
                 const std::string& calling, const std::string& host) {
    associate(connect_to_peer(host, port, kPatience), {calling, called, 16384, contexts});
}

RawPeer::RawPeer(int fd) {
    associate(fd, {"TESTS", "CALCNODE", 16384, usual_contexts()});
}

void RawPeer::associate(int fd, const AssociateProposal& proposal) {
    auto socket = std::make_unique<DimseSocket>(
        fd, SocketLimits{kPatience, std::chrono::steady_clock::now() + kPatience, nullptr});
    socket->write(encode_associate_request(proposal));
    std::array<unsigned char, kPduHeaderLength> header;
    socket->read(header);
    std::vector<unsigned char> body(read_big_endian(header, 2, 4));
    socket->read(body);
    reply_ = parse_associate_reply(header[0], body, proposal);
    connection_ = std::make_unique<DimseConnection>(std::move(socket),
                                                    DimseConnection::PduLengths{16384, reply_.peer_max_pdu});
}

void RawPeer::send_command(std::uint8_t context, const CommandSet& command) {
    const auto bytes = encode_command_set(command);
    connection_->send({context, true, true, bytes});
}

void RawPeer::send_data(std::uint8_t context, const std::string& bytes, bool last) {
    connection_->send(
        {context, false, last, {reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()}});
}

std::optional<CommandSet> RawPeer::response() {
    try {
        Pdv pdv;
        if (connection_->next(pdv) != PduEvent::data) return std::nullopt;
        std::string why;
        return parse_command_set(pdv.data, why);
    } catch (const Error&) {
        return std::nullopt;
    }
}

bool RawPeer::is_aborted() {
    PduEvent event = PduEvent::data;
    try {
        Pdv pdv;
        while (event == PduEvent::data)
            event = connection_->next(pdv);
    } catch (const Error&) {  // closed without one
    }
    hang_up();
    return event == PduEvent::abort;
}

std::optional<CommandSet> RawPeer::store(const std::string& bytes, const std::string& instance_uid) {
    CommandSet command = store_command(kMammographyForPresentation, instance_uid);
    command.message_id = ++message_id_;
    send_command(3, command);
    send_data(3, bytes);
    return response();
}

int open_descriptors() {
    int count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
        ++count;
    return count;
}

OutgoingObject write_object(const std::filesystem::path& folder, const std::string& class_uid,
                            const std::string& instance_uid) {
    DcmFileFormat file;
    DcmDataset& dataset = *file.getDataset();
    const std::pair<DcmTagKey, std::string> values[] = {{DCM_SOPClassUID, class_uid},
                                                        {DCM_SOPInstanceUID, instance_uid},
                                                        {DCM_StudyInstanceUID, "1.2.3"},
                                                        {DCM_PatientName, "Phantom^Breast"}};
    for (const auto& [tag, value] : values)
        check(dataset.putAndInsertString(tag, value.c_str()), "building");
    const std::vector<Uint16> pixels(40000, 0x1234);
    check(dataset.putAndInsertUint16Array(DCM_PixelData, pixels.data(), pixels.size()), "building");
    const auto path = folder / (instance_uid + ".dcm");
    check(file.saveFile(path.c_str(), EXS_LittleEndianExplicit), "saving");
    return {path, class_uid, instance_uid, kExplicitLittleEndian};
}

}  // namespace calcnode::dicom::testing
