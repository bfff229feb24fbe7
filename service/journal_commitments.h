// What journal_commitments.cpp and journal_commitment_results.cpp share: an object that a destination is
// asked to commit, and its ways on. Private to the journal; every function runs in the caller's transaction.
#pragma once

#include <string>
#include <vector>

#include "service/journal_impl.h"

namespace calcnode::service {

struct CommitmentItem {
    long long id = 0;
    long long delivery = 0;
    dicom::SopReference reference;
    int attempt = 0;
};

/// `item` is what the rows are read into.
std::vector<CommitmentItem> read_items(soci::statement& rows, CommitmentItem& item);

/// The objects of a request that nothing is known of yet.
std::vector<CommitmentItem> items_asked(soci::session& sql, long long commitment);

struct CommitmentItemState {
    std::string state;
    int reason = 0;  // Failure Reason (0008,1197); 0: none
    Time at{};       // when it goes on, or when it ended
};

void set_item(soci::session& sql, const CommitmentItem& item, const CommitmentItemState& state);

/// For good, with an event in the journal.
void give_up(soci::session& sql, const CommitmentItem& item, const CommitmentItemState& state);

/// What to do with objects that are not committed, and where to count it.
struct CommitmentStep {
    const CommitmentLimits& limits;
    Time now;
    CommitmentChanges& changes;
};

/// Asked again later, or given up when that was the last time.
void ask_again(soci::session& sql, const CommitmentItem& item, const CommitmentStep& step);

struct CommitmentEnd {
    std::string state;
    std::string text{};
};

void end_commitment(soci::session& sql, long long commitment, const CommitmentEnd& end, Time now);

}  // namespace calcnode::service
