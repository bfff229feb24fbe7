// Storage commitment (PS3.4 Annex J, Push Model): the request and its result as values, and their data sets
// as bytes. Pure functions, any thread; what a peer sent is bounded and walked before DCMTK parses it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace calcnode::dicom {

/// PS3.4 J.3.5: the class, and the one instance of it that every request and result is about.
inline constexpr const char* kStorageCommitmentPushModel = "1.2.840.10008.1.20.1";
inline constexpr const char* kStorageCommitmentInstance = "1.2.840.10008.1.20.1.1";

inline constexpr std::uint16_t kActionRequestCommitment = 1;     // PS3.4 Table J.3-1
inline constexpr std::uint16_t kEventCommitted = 1;              // PS3.4 Table J.3-2: all of them
inline constexpr std::uint16_t kEventCommittedWithFailures = 2;  // at least one is not

// Failure Reason (0008,1197), PS3.3 C.14.1.1
inline constexpr std::uint16_t kReasonProcessingFailure = 0x0110;
inline constexpr std::uint16_t kReasonNoSuchObject = 0x0112;
inline constexpr std::uint16_t kReasonClassInstanceConflict = 0x0119;
inline constexpr std::uint16_t kReasonClassNotSupported = 0x0122;
inline constexpr std::uint16_t kReasonDuplicateTransaction = 0x0131;
inline constexpr std::uint16_t kReasonResourceLimitation = 0x0213;

/// Bytes of a data set, and references in it, that are read; a reference takes some 130 bytes.
inline constexpr std::size_t kMaxCommitmentDataset = 1024 * 1024;
inline constexpr std::size_t kMaxCommitmentReferences = 10000;

struct SopReference {
    std::string sop_class_uid;
    std::string sop_instance_uid;
    bool operator==(const SopReference&) const = default;
};

struct FailedReference {
    SopReference reference;
    std::uint16_t reason = kReasonProcessingFailure;
    bool operator==(const FailedReference&) const = default;
};

struct CommitmentRequest {
    std::string transaction_uid;
    std::vector<SopReference> references;
};

/// Together the two lists are the request's references (PS3.4 J.3.3.1.2).
struct CommitmentReport {
    std::string transaction_uid;
    std::vector<SopReference> committed;
    std::vector<FailedReference> failed;

    std::uint16_t event_type() const {
        return failed.empty() ? kEventCommitted : kEventCommittedWithFailures;
    }
};

/// `transfer_syntax`: an uncompressed one. Throws Error malformed_dataset.
std::vector<unsigned char> encode_commitment_request(const CommitmentRequest& request,
                                                     const std::string& transfer_syntax);
std::vector<unsigned char> encode_commitment_report(const CommitmentReport& report,
                                                    const std::string& transfer_syntax);

/// Throws Error malformed_dataset or too_large, missing_attribute when there is no Transaction UID or no
/// reference at all, or a reference lacks a UID. UIDs of references have 64 digits and dots at most; leading
/// zeros are let pass, since old devices make them.
CommitmentRequest parse_commitment_request(std::span<const unsigned char> bytes,
                                           const std::string& transfer_syntax);
/// The same. Which list a reference stands in counts, not the event type. A reference in both is failed. One
/// that failed without a reason has kReasonProcessingFailure.
CommitmentReport parse_commitment_report(std::span<const unsigned char> bytes,
                                         const std::string& transfer_syntax);

}  // namespace calcnode::dicom
