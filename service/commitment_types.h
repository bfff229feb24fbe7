// Values of storage commitment between the journal and those who ask and answer. Value types.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dicom/commitment.h"
#include "service/types.h"

namespace calcnode::service {

/// A request to a destination that is in the journal as made: whether it was sent is not known yet.
struct OpenCommitment {
    std::int64_t id = 0;
    std::string destination;
    std::string study_instance_uid;
    dicom::CommitmentRequest request;
    int attempt = 0;  // of the object that was asked for most often; 1 for the first time
};

/// How objects that are not committed go on.
struct CommitmentLimits {
    int attempts = 1;  // requests an object; then it is given up
    Time next{};       // when it is asked for, or sent, again
};

/// How a request ended that the destination has not taken.
struct UntakenCommitment {
    enum class Why {
        unreachable,  // does not count as an attempt: it is asked again for as long as it takes
        refused,      // a status other than Success, or the class was not negotiated
    };
    Why why = Why::unreachable;
    std::string text;
};

/// What a report, a time-out or a refusal has done to the objects of a request.
struct CommitmentChanges {
    enum class Transaction { open, ended, unknown } transaction = Transaction::unknown;  // before the change
    int committed = 0;
    int sent_again = 0;   // their delivery is due again
    int asked_again = 0;  // without being sent again
    int given_up = 0;
};

/// A sender's request, and what we can say to it.
struct CommitmentDuty {
    std::int64_t id = 0;
    std::string calling_ae_title;
    std::string called_ae_title;
    dicom::CommitmentReport report;
    int attempt = 0;  // to tell it on an association of ours; 1 for the first
};

/// An instance that the journal holds.
struct HeldInstance {
    std::string sop_class_uid;
    std::filesystem::path path;  // relative to the spool's root; empty: not held
};

}  // namespace calcnode::service
