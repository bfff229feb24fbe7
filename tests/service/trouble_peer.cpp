#include "trouble_peer.h"

#include <chrono>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace calcnode::service {

namespace {

using namespace std::chrono_literals;

constexpr int kSmallBuffer = 64 * 1024;  // so that a peer that reads nothing is felt by a small object

}  // namespace

TroublePeer::TroublePeer(Trouble trouble, std::vector<std::string> classes)
    : classes_(std::move(classes)),
      trouble_(trouble),
      listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    ::setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &kSmallBuffer, sizeof kSmallBuffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, plain, size) != 0 || ::getsockname(listener_, plain, &size) != 0)
        throw std::runtime_error("no port for a test");
    port_ = ntohs(address.sin_port);
    if (trouble != Trouble::down) listen();
    accepting_ = std::thread([this] { accept_all(); });
}

TroublePeer::~TroublePeer() {
    stop_ = true;
    accepting_.join();
    for (std::thread& thread : threads_)
        thread.join();
    ::close(listener_);
}

void TroublePeer::listen() {
    const std::lock_guard lock(mutex_);
    if (!listening_ && ::listen(listener_, 64) != 0) throw std::runtime_error("cannot listen");
    listening_ = true;
}

void TroublePeer::set(Trouble trouble) {
    trouble_ = trouble;
    if (trouble != Trouble::down) listen();
}

std::map<std::string, int> TroublePeer::taken() const {
    const std::lock_guard lock(mutex_);
    return taken_;
}

void TroublePeer::accept_all() {
    while (!stop_) {
        pollfd waited{listener_, POLLIN, 0};
        if (::poll(&waited, 1, 20) <= 0 || (waited.revents & POLLIN) == 0) {
            if ((waited.revents & POLLHUP) != 0) ::poll(nullptr, 0, 20);  // not listening yet
            continue;
        }
        const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd >= 0) threads_.emplace_back([this, fd] { serve(fd); });
    }
}

void TroublePeer::hang() const {
    while (!stop_)
        ::poll(nullptr, 0, 20);
}

void TroublePeer::serve(int fd) {
    const Trouble trouble = trouble_;
    if (trouble == Trouble::busy) return dicom::AssociationServer::reject_busy(fd);
    if (trouble == Trouble::silent) {
        hang();
        ::close(fd);
        return;
    }
    dicom::AssociationPolicy policy;
    if (trouble == Trouble::refuses) policy.called_ae_titles = {"ANOTHER"};
    if (trouble != Trouble::accepts_no_context) policy.other_storage_classes = classes_;
    policy.idle_timeout = 10s;
    dicom::AssociationServer::serve(
        fd, "127.0.0.1", policy,
        {[this, fd](const dicom::StoreRequest& request, dicom::DatasetStream& stream) {
            return store(fd, request, stream);
        }},
        stop_);
}

dicom::StoreAnswer TroublePeer::store(int fd, const dicom::StoreRequest& request,
                                      dicom::DatasetStream& stream) {
    const Trouble trouble = trouble_;
    if (trouble == Trouble::hangs_in_write) hang();
    if (trouble == Trouble::closes_mid_object) {
        (void)stream.next();
        // Closed under the server's hands: with bytes unread, the system resets the connection.
        const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
        ::dup3(nothing, fd, O_CLOEXEC);
        ::close(nothing);
        return {dicom::StoreStatus::processing_failure, ""};
    }
    while (!stream.next().empty()) {
    }
    if (trouble == Trouble::hangs_in_read) hang();
    if (trouble == Trouble::refuses_the_object) return {dicom::StoreStatus::cannot_understand, ""};
    if (trouble == Trouble::out_of_resources) return {dicom::StoreStatus::out_of_resources, ""};
    const std::lock_guard lock(mutex_);
    ++taken_[request.sop_instance_uid];
    return {};
}

}  // namespace calcnode::service
