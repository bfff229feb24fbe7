#include "dicom/commitment.h"

#include <algorithm>
#include <set>
#include <utility>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdeftag.h>

#include "dicom/attributes.h"
#include "dicom/check.h"
#include "dicom/memory_dataset.h"

namespace calcnode::dicom {

namespace {

// A sequence of references has one level; the elements of a reference and its item, and some beside it.
constexpr ScanLimits kLimits{.depth = 4,
                             .elements = 5 * kMaxCommitmentReferences,
                             .inflated_bytes = 0,
                             .header_bytes = kMaxCommitmentDataset};

std::string uid_of(DcmItem& item, const DcmTagKey& tag, const char* name) {
    const std::string uid = text_value(item, tag);
    if (uid.empty()) throw Error(ErrorCode::missing_attribute, std::string(name) + " is missing");
    const bool sound = uid.size() <= 64 && std::all_of(uid.begin(), uid.end(), [](char c) {
                           return (c >= '0' && c <= '9') || c == '.';
                       });
    if (!sound) throw Error(ErrorCode::malformed_dataset, std::string(name) + " is no UID");
    return uid;
}

SopReference reference_of(DcmItem& item) {
    return {uid_of(item, DCM_ReferencedSOPClassUID, "Referenced SOP Class UID (0008,1150)"),
            uid_of(item, DCM_ReferencedSOPInstanceUID, "Referenced SOP Instance UID (0008,1155)")};
}

std::vector<DcmItem*> bounded_items(DcmItem& dataset, const DcmTagKey& sequence) {
    std::vector<DcmItem*> items = items_of(dataset, sequence);
    if (items.size() > kMaxCommitmentReferences) {
        throw Error(ErrorCode::too_large, "more than " + std::to_string(kMaxCommitmentReferences) +
                                              " references in a storage commitment");
    }
    return items;
}

std::string transaction_of(DcmItem& dataset) {
    return uid_of(dataset, DCM_TransactionUID, "Transaction UID (0008,1195)");
}

std::vector<SopReference> references_of(DcmItem& dataset) {
    std::vector<SopReference> references;
    for (DcmItem* item : bounded_items(dataset, DCM_ReferencedSOPSequence))
        references.push_back(reference_of(*item));
    return references;
}

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value) {
    check(item.putAndInsertString(tag, value.c_str()), "making a storage commitment",
          ErrorCode::malformed_dataset);
}

DcmItem& add_reference(DcmItem& dataset, const DcmTagKey& sequence, const SopReference& reference) {
    DcmItem* item = nullptr;
    check(dataset.findOrCreateSequenceItem(sequence, item, -2), "making a storage commitment",
          ErrorCode::malformed_dataset);  // -2: a new item at the end
    put(*item, DCM_ReferencedSOPClassUID, reference.sop_class_uid);
    put(*item, DCM_ReferencedSOPInstanceUID, reference.sop_instance_uid);
    return *item;
}

void drop_failed(CommitmentReport& report) {
    std::set<std::string> failed;
    for (const FailedReference& one : report.failed)
        failed.insert(one.reference.sop_instance_uid);
    std::erase_if(report.committed,
                  [&](const SopReference& one) { return failed.contains(one.sop_instance_uid); });
}

[[noreturn]] void no_reference() {
    throw Error(ErrorCode::missing_attribute, "a storage commitment without a reference");
}

}  // namespace

std::vector<unsigned char> encode_commitment_request(const CommitmentRequest& request,
                                                     const std::string& transfer_syntax) {
    DcmDataset dataset;
    put(dataset, DCM_TransactionUID, request.transaction_uid);
    for (const SopReference& reference : request.references)
        add_reference(dataset, DCM_ReferencedSOPSequence, reference);
    return encode_memory_dataset(dataset, transfer_syntax);
}

std::vector<unsigned char> encode_commitment_report(const CommitmentReport& report,
                                                    const std::string& transfer_syntax) {
    DcmDataset dataset;
    put(dataset, DCM_TransactionUID, report.transaction_uid);
    for (const SopReference& reference : report.committed)
        add_reference(dataset, DCM_ReferencedSOPSequence, reference);
    for (const FailedReference& failed : report.failed) {
        DcmItem& item = add_reference(dataset, DCM_FailedSOPSequence, failed.reference);
        check(item.putAndInsertUint16(DCM_FailureReason, failed.reason), "making a storage commitment",
              ErrorCode::malformed_dataset);
    }
    return encode_memory_dataset(dataset, transfer_syntax);
}

CommitmentRequest parse_commitment_request(std::span<const unsigned char> bytes,
                                           const std::string& transfer_syntax) {
    const auto dataset = parse_memory_dataset(bytes, transfer_syntax, kLimits);
    CommitmentRequest request{transaction_of(*dataset), references_of(*dataset)};
    if (request.references.empty()) no_reference();
    return request;
}

CommitmentReport parse_commitment_report(std::span<const unsigned char> bytes,
                                         const std::string& transfer_syntax) {
    const auto dataset = parse_memory_dataset(bytes, transfer_syntax, kLimits);
    CommitmentReport report{transaction_of(*dataset), references_of(*dataset), {}};
    for (DcmItem* item : bounded_items(*dataset, DCM_FailedSOPSequence)) {
        const int reason = integer_value(*item, DCM_FailureReason).value_or(kReasonProcessingFailure);
        report.failed.push_back({reference_of(*item), static_cast<std::uint16_t>(reason)});
    }
    if (report.committed.empty() && report.failed.empty()) no_reference();
    drop_failed(report);
    return report;
}

}  // namespace calcnode::dicom
