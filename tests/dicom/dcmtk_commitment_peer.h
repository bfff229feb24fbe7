// Storage commitment as DCMTK speaks it: a provider that is asked by N-ACTION and answers as a test wants,
// and a user that is told by N-EVENT-REPORT.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmnet/scp.h>
#include <gtest/gtest.h>

#include "dicom/commitment.h"
#include "dicom/uid.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom::testing {

inline std::vector<SopReference> dcmtk_references(DcmItem& dataset, const DcmTagKey& sequence) {
    std::vector<SopReference> references;
    DcmItem* item = nullptr;
    for (signed long i = 0; dataset.findAndGetSequenceItem(sequence, item, i).good(); ++i) {
        OFString class_uid;
        OFString instance_uid;
        item->findAndGetOFString(DCM_ReferencedSOPClassUID, class_uid);
        item->findAndGetOFString(DCM_ReferencedSOPInstanceUID, instance_uid);
        references.push_back({class_uid.c_str(), instance_uid.c_str()});
    }
    return references;
}

inline void add_dcmtk_reference(DcmItem& dataset, const DcmTagKey& sequence, const SopReference& reference,
                                int reason = -1) {
    DcmItem* item = nullptr;
    ASSERT_TRUE(dataset.findOrCreateSequenceItem(sequence, item, -2).good());
    item->putAndInsertString(DCM_ReferencedSOPClassUID, reference.sop_class_uid.c_str());
    item->putAndInsertString(DCM_ReferencedSOPInstanceUID, reference.sop_instance_uid.c_str());
    if (reason >= 0) item->putAndInsertUint16(DCM_FailureReason, static_cast<Uint16>(reason));
}

/// What came over the wire, as DCMTK reads it.
struct DcmtkMessage {
    std::string transaction_uid;
    int type = 0;  // Action Type ID or Event Type ID
    std::vector<SopReference> references;
    std::vector<SopReference> failed;
};

inline DcmtkMessage dcmtk_message(DcmDataset& dataset, int type) {
    OFString transaction;
    dataset.findAndGetOFString(DCM_TransactionUID, transaction);
    return {transaction.c_str(), type, dcmtk_references(dataset, DCM_ReferencedSOPSequence),
            dcmtk_references(dataset, DCM_FailedSOPSequence)};
}

class DcmtkCommitmentPeer : public DcmSCP {
  public:
    /// As provider (default role) or as user that is told (the requestor is SCP).
    enum class Role { provider, user };
    struct Behaviour {
        std::uint16_t status = 0;       // of the N-ACTION or N-EVENT-REPORT response
        bool reports = true;            // on the same association
        std::vector<std::string> lost;  // SOP instances that it reports as failed, 0112
    };

    DcmtkCommitmentPeer(Role role, Behaviour behaviour) : behaviour_(std::move(behaviour)) {
        port_ = Listener().port();
        setPort(static_cast<Uint16>(port_));
        setAETitle("PACS");
        setConnectionBlockingMode(DUL_NOBLOCK);
        setConnectionTimeout(1);
        setDIMSEBlockingMode(DIMSE_NONBLOCKING);
        setDIMSETimeout(10);
        setACSETimeout(10);
        OFList<OFString> syntaxes;
        syntaxes.push_back(kImplicitLittleEndian);
        addPresentationContext(kStorageCommitmentPushModel, syntaxes,
                               role == Role::user ? ASC_SC_ROLE_SCP : ASC_SC_ROLE_DEFAULT);
        EXPECT_TRUE(openListenPort().good());
        thread_ = std::thread([this] { acceptAssociations(); });
    }
    ~DcmtkCommitmentPeer() override {
        closing_ = true;
        thread_.join();
    }
    int port() const { return port_; }
    std::vector<DcmtkMessage> messages() {
        const std::lock_guard lock(mutex_);
        return messages_;
    }
    int report_status() const { return report_status_; }

  protected:
    OFBool stopAfterConnectionTimeout() override { return closing_; }
    OFBool stopAfterCurrentAssociation() override { return closing_; }

    OFCondition handleIncomingCommand(T_DIMSE_Message* message,
                                      const DcmPresentationContextInfo& context) override {
        const T_ASC_PresentationContextID id = context.presentationContextID;
        if (message->CommandField == DIMSE_N_ACTION_RQ) return take_action(message->msg.NActionRQ, id);
        if (message->CommandField != DIMSE_N_EVENT_REPORT_RQ) {
            return DcmSCP::handleIncomingCommand(message, context);
        }
        DcmDataset* dataset = nullptr;
        Uint16 type = 0;
        const OFCondition taken = handleEVENTREPORTRequest(message->msg.NEventReportRQ, id, dataset, type);
        keep(dataset, type);
        return taken;
    }

    Uint16 checkEVENTREPORTRequest(T_DIMSE_N_EventReportRQ&, DcmDataset*) override {
        return behaviour_.status;
    }

  private:
    OFCondition take_action(T_DIMSE_N_ActionRQ& request, T_ASC_PresentationContextID id) {
        DcmDataset* dataset = nullptr;
        Uint16 type = 0;
        OFCondition done = receiveACTIONRequest(request, id, dataset, type);
        if (done.bad()) return done;
        keep(dataset, type);
        done = sendACTIONResponse(id, request.MessageID, request.RequestedSOPClassUID,
                                  request.RequestedSOPInstanceUID, behaviour_.status);
        if (done.bad() || behaviour_.status != 0 || !behaviour_.reports) return done;
        DcmDataset result = result_of(messages().back());
        Uint16 status = 0xFFFF;
        done = sendEVENTREPORTRequest(id, kStorageCommitmentInstance, 77,
                                      behaviour_.lost.empty() ? kEventCommitted : kEventCommittedWithFailures,
                                      &result, status);
        report_status_ = status;
        return done;
    }

    DcmDataset result_of(const DcmtkMessage& asked) {
        DcmDataset result;
        result.putAndInsertString(DCM_TransactionUID, asked.transaction_uid.c_str());
        for (const SopReference& reference : asked.references) {
            const bool lost = std::find(behaviour_.lost.begin(), behaviour_.lost.end(),
                                        reference.sop_instance_uid) != behaviour_.lost.end();
            add_dcmtk_reference(result, lost ? DCM_FailedSOPSequence : DCM_ReferencedSOPSequence, reference,
                                lost ? kReasonNoSuchObject : -1);
        }
        return result;
    }

    void keep(DcmDataset* dataset, int type) {
        if (dataset == nullptr) return;
        const std::lock_guard lock(mutex_);
        messages_.push_back(dcmtk_message(*dataset, type));
        delete dataset;
    }

    Behaviour behaviour_;
    int port_ = 0;
    std::atomic<bool> closing_{false};
    std::atomic<int> report_status_{-1};
    std::mutex mutex_;
    std::vector<DcmtkMessage> messages_;
    std::thread thread_;
};

}  // namespace calcnode::dicom::testing
