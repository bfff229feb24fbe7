#include "dicom/association_negotiation.h"

#include <algorithm>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmnet/assoc.h>
#include <dcmtk/dcmnet/cond.h>
#include <dcmtk/dcmnet/dul.h>
#include <dcmtk/ofstd/ofstd.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dicom/associate_items.h"
#include "dicom/associate_peek.h"
#include "dicom/check.h"
#include "dicom/transfer_syntax.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

constexpr int kNoSocket = -1;
constexpr int kAnySocket = 0x7fffffff;  // tells ASC_initializeNetwork not to listen itself
constexpr int kReceiveSeconds = 5;      // never used up: the request is there already
constexpr long kSmallestPdu = 4096;     // DCMTK's limits
constexpr long kLargestPdu = 131072;

using Association = std::unique_ptr<T_ASC_Association, void (*)(T_ASC_Association*)>;

void destroy(T_ASC_Association* association) {
    ASC_destroyAssociation(&association);
}

// dcmExternalSocketHandle is one variable for the whole process.
std::mutex& external_socket_mutex() {
    static std::mutex mutex;
    return mutex;
}

AssociatePeek peek_socket(int fd) {
    std::vector<unsigned char> bytes(kPduHeaderLength + kMaxAssociateRequest);
    const ssize_t count = ::recv(fd, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
    bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
    return peek_associate_request(bytes);
}

// DCMTK gets a duplicate of the socket, so that closing it does not end the connection. It takes the
// duplicate over exactly when it returns a DULassociation (receiveTransportConnectionTCP in dul.cc, 3.6.7).
OFCondition receive(T_ASC_Network* network, int fd, long max_pdu, Association& association) {
    const int duplicate = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (duplicate < 0) return EC_MemoryExhausted;
    T_ASC_Association* received = nullptr;
    OFCondition condition = EC_Normal;
    {
        const std::lock_guard lock(external_socket_mutex());
        dcmExternalSocketHandle.set(duplicate);
        condition = ASC_receiveAssociation(network, &received, max_pdu, nullptr, nullptr, OFFalse,
                                           DUL_NOBLOCK, kReceiveSeconds);
        dcmExternalSocketHandle.set(kNoSocket);
    }
    if (received == nullptr || received->DULassociation == nullptr) ::close(duplicate);
    association.reset(received);
    return condition;
}

bool allowed(const std::vector<std::string>& titles, const std::string& title) {
    return titles.empty() || std::find(titles.begin(), titles.end(), title) != titles.end();
}

struct Refusal {
    T_ASC_RejectParametersReason reason;
    T_ASC_RejectParametersSource source;
    std::string text;
};

// PS3.8 Table 9-21
std::optional<Refusal> refusal(T_ASC_Parameters* parameters, const AssociatePeek& peek,
                               const AssociationPolicy& policy) {
    char name[DUL_LEN_NAME + 1] = {};
    if (ASC_getApplicationContextName(parameters, name, sizeof name).bad() ||
        std::string_view(name) != UID_StandardApplicationContext) {
        return Refusal{ASC_REASON_SU_APPCONTEXTNAMENOTSUPPORTED, ASC_SOURCE_SERVICEUSER,
                       "application context name"};
    }
    if (!allowed(policy.called_ae_titles, peek.called_ae_title)) {
        return Refusal{ASC_REASON_SU_CALLEDAETITLENOTRECOGNIZED, ASC_SOURCE_SERVICEUSER, "called AE title"};
    }
    if (!allowed(policy.calling_ae_titles, peek.calling_ae_title)) {
        return Refusal{ASC_REASON_SU_CALLINGAETITLENOTRECOGNIZED, ASC_SOURCE_SERVICEUSER, "calling AE title"};
    }
    return std::nullopt;
}

// The syntaxes that we take for a class, best first; empty: the class is not ours.
std::span<const char* const> syntaxes_for(std::string_view abstract_syntax, const AssociationPolicy& policy) {
    if (abstract_syntax == kVerification) return uncompressed_transfer_syntaxes();
    const auto& others = policy.other_storage_classes;
    if (abstract_syntax == kMammographyForPresentation || abstract_syntax == kMammographyForProcessing ||
        std::find(others.begin(), others.end(), abstract_syntax) != others.end()) {
        return input_transfer_syntaxes();
    }
    return {};
}

const char* best_syntax(std::span<const char* const> ours, const T_ASC_PresentationContext& context) {
    for (const char* syntax : ours) {
        for (int i = 0; i < context.transferSyntaxCount; ++i) {
            if (std::string_view(context.proposedTransferSyntaxes[i]) == syntax) return syntax;
        }
    }
    return nullptr;
}

void answer_context(T_ASC_Parameters* parameters, int position, const AssociationPolicy& policy,
                    Negotiation& result) {
    T_ASC_PresentationContext context;
    const bool readable = ASC_getPresentationContext(parameters, position, &context).good();
    const auto ours = syntaxes_for(context.abstractSyntax, policy);
    const char* syntax = readable ? best_syntax(ours, context) : nullptr;
    if (syntax != nullptr) {
        check(ASC_acceptPresentationContext(parameters, context.presentationContextID, syntax),
              "accepting a presentation context");
        result.contexts[context.presentationContextID] = {context.abstractSyntax, syntax};
    } else {  // PS3.8 Table 9-18
        const auto reason =
            ours.empty() ? ASC_P_ABSTRACTSYNTAXNOTSUPPORTED : ASC_P_TRANSFERSYNTAXESNOTSUPPORTED;
        check(ASC_refusePresentationContext(parameters, context.presentationContextID, reason),
              "refusing a presentation context");
    }
}

void accept(T_ASC_Association* association, const AssociationPolicy& policy, Negotiation& result) {
    T_ASC_Parameters* parameters = association->params;
    OFStandard::strlcpy(parameters->ourImplementationClassUID, kImplementationClassUid,
                        sizeof parameters->ourImplementationClassUID);
    OFStandard::strlcpy(parameters->ourImplementationVersionName, kImplementationVersionName,
                        sizeof parameters->ourImplementationVersionName);
    ASC_setAPTitles(parameters, nullptr, nullptr, policy.own_ae_title.c_str());
    const int count = ASC_countPresentationContexts(parameters);
    for (int position = 0; position < count; ++position)
        answer_context(parameters, position, policy, result);
    result.our_max_pdu = static_cast<std::uint32_t>(parameters->ourMaxPDUReceiveSize);
    result.peer_max_pdu = static_cast<std::uint32_t>(parameters->theirMaxPDUReceiveSize);
    check(ASC_acknowledgeAssociation(association), "accepting the association");
    result.result = Negotiation::Result::accepted;
}

void reject(T_ASC_Association* association, const Refusal& why, Negotiation& result) {
    const T_ASC_RejectParameters parameters{ASC_RESULT_REJECTEDPERMANENT, why.source, why.reason};
    result.result = Negotiation::Result::rejected;
    result.text = "rejected: " + why.text;
    check(ASC_rejectAssociation(association, &parameters), "rejecting the association");
}

}  // namespace

T_ASC_Network* open_acceptor_network() {
    const std::lock_guard lock(external_socket_mutex());
    T_ASC_Network* network = nullptr;
    dcmExternalSocketHandle.set(kAnySocket);
    const OFCondition condition = ASC_initializeNetwork(NET_ACCEPTOR, 0, kReceiveSeconds, &network);
    dcmExternalSocketHandle.set(kNoSocket);
    check(condition, "opening DCMTK's network layer", ErrorCode::network_error);
    return network;
}

Negotiation negotiate(T_ASC_Network* network, int fd, const AssociationPolicy& policy) {
    Negotiation result;
    const AssociatePeek peek = peek_socket(fd);
    if (peek.state != PeekState::complete) {  // DCMTK would wait for the rest with the lock held
        result.text = "no complete A-ASSOCIATE-RQ" + (peek.hint.empty() ? "" : ": " + peek.hint);
        return result;
    }
    result.calling_ae_title = peek.calling_ae_title;
    result.called_ae_title = peek.called_ae_title;
    Association association(nullptr, destroy);
    const long max_pdu = std::clamp(static_cast<long>(policy.max_pdu), kSmallestPdu, kLargestPdu) & ~1L;
    const OFCondition received = receive(network, fd, max_pdu, association);
    if (received == DUL_UNSUPPORTEDPEERPROTOCOL) {  // DCMTK has sent the A-ASSOCIATE-RJ
        result.result = Negotiation::Result::rejected;
        result.text = "rejected: protocol version";
        return result;
    }
    check(received, "reading the A-ASSOCIATE-RQ", ErrorCode::network_error);
    if (const auto why = refusal(association->params, peek, policy)) {
        reject(association.get(), *why, result);
    } else {
        accept(association.get(), policy, result);
    }
    return result;
}

}  // namespace calcnode::dicom
