#include <array>
#include <atomic>
#include <cstdlib>

#include <sys/socket.h>
#include <unistd.h>

#include "dicom/association_server.h"
#include "service/receiver_meta.h"
#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

namespace {

dicom::StoreAnswer store(const dicom::StoreRequest& request, dicom::DatasetStream& stream) {
    (void)service::encode_file_meta({request.sop_class_uid, request.sop_instance_uid,
                                     request.transfer_syntax_uid, request.peer.calling_ae_title,
                                     request.peer.called_ae_title, request.peer.address});
    std::size_t bytes = 0;
    for (auto piece = stream.next(); !piece.empty(); piece = stream.next())
        bytes += piece.size();
    if (bytes % 2 != 0) return {dicom::StoreStatus::cannot_understand, "odd"};
    return {};
}

dicom::AssociationHandlers handlers() {
    dicom::AssociationHandlers result{.store = store};
    result.commitment.requested = [](const dicom::PeerInfo&, const dicom::CommitmentRequest& request) {
        dicom::CommitmentAnswer answer;
        answer.report = dicom::CommitmentReport{request.transaction_uid, request.references, {}};
        return answer;
    };
    result.commitment.reported = [](const dicom::PeerInfo&, const dicom::CommitmentReport&, bool) {};
    result.commitment.told = [](const dicom::PeerInfo&, const dicom::CommitmentReport&) {
        return dicom::CommitmentAnswer{};
    };
    return result;
}

}  // namespace

// The peer has sent all and closed its side before the server looks: nothing ever waits.
void association(Bytes input) {
    std::array<int, 2> pair{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.data()) != 0) std::abort();
    (void)::send(pair[0], input.data(), input.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    ::shutdown(pair[0], SHUT_WR);
    const dicom::AssociationPolicy policy{.max_pdu = 16384,
                                          .idle_timeout = std::chrono::seconds(0),
                                          .max_object_bytes = 32 * 1024,
                                          .commitment_requests = true,
                                          .commitment_reports = true};
    const std::atomic<bool> stop{false};
    (void)dicom::AssociationServer::serve(pair[1], "127.0.0.1", policy, handlers(), stop);
    ::close(pair[0]);
}

}  // namespace calcnode::fuzz
