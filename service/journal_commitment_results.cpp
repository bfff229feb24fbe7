// The journal's part of what destinations say of objects that they were asked to commit, and of what
// deliveries mean for it.
#include <map>

#include "service/journal_commitments.h"

namespace calcnode::service {

namespace {

void send_again(soci::session& sql, const CommitmentItem& item, int reason, Time next) {
    const long long at = to_database(next);
    sql << "update delivery set state = 'pending', attempt = 0, next_attempt = :next, finished = 0, "
           "text = 'not committed: sent again' where id = :id and state = 'delivered'",
        soci::use(at), soci::use(item.delivery);
    set_item(sql, item, {"resending", reason, next});
}

/// The destination does not have it in good order (PS3.3 C.14.1.1).
void handle_failure(soci::session& sql, const CommitmentItem& item, int reason, const CommitmentStep& step) {
    if (reason == dicom::kReasonDuplicateTransaction) {
        ask_again(sql, item, step);
        return;
    }
    // Another class under our UID, or a class that it does not keep: sending again would not help.
    const bool hopeless =
        reason == dicom::kReasonClassInstanceConflict || reason == dicom::kReasonClassNotSupported;
    if (hopeless || item.attempt >= step.limits.attempts) {
        give_up(sql, item, {"failed", reason, step.now});
        ++step.changes.given_up;
    } else {
        send_again(sql, item, reason, step.limits.next);
        ++step.changes.sent_again;
    }
}

struct FoundCommitment {
    long long id = 0;
    std::string destination;
    std::string state;
};

/// Objects that were asked for in this transaction or a later one, and have not failed since: so a late
/// result counts, too.
int mark_committed(soci::session& sql, const FoundCommitment& found, const dicom::CommitmentReport& report,
                   Time now) {
    const long long at = to_database(now);
    int count = 0;
    for (const dicom::SopReference& reference : report.committed) {
        soci::statement update =
            (sql.prepare << "update commitment_item set state = 'committed', reason = 0, finished = :at "
                            "where sop_instance_uid = :sop and destination = :destination and sop_class_uid "
                            "= :class and state in ('waiting', 'asked', 'uncommitted') "
                            "and commitment_id >= :asked_in and refuted < :id",
             soci::use(at), soci::use(reference.sop_instance_uid), soci::use(found.destination),
             soci::use(reference.sop_class_uid), soci::use(found.id), soci::use(found.id));
        count += static_cast<int>(execute_change(update));
    }
    return count;
}

std::optional<FoundCommitment> lock_transaction(soci::session& sql, Dialect dialect, const std::string& uid) {
    FoundCommitment found;
    sql << "select id, destination, state from commitment where transaction_uid = :uid" + lock_rows(dialect),
        soci::use(uid), soci::into(found.id), soci::into(found.destination), soci::into(found.state);
    if (!sql.got_data()) return std::nullopt;
    return found;
}

void handle_failures(soci::session& sql, long long commitment, const dicom::CommitmentReport& report,
                     const CommitmentStep& step) {
    std::map<std::string, int> reasons;
    for (const dicom::FailedReference& failed : report.failed)
        reasons[failed.reference.sop_instance_uid] = failed.reason;
    for (const CommitmentItem& item : items_asked(sql, commitment)) {
        const auto reason = reasons.find(item.reference.sop_instance_uid);
        if (reason == reasons.end()) {
            ask_again(sql, item, step);  // not mentioned
            continue;
        }
        sql << "update commitment_item set refuted = :commitment where id = :id", soci::use(commitment),
            soci::use(item.id);
        handle_failure(sql, item, reason->second, step);
    }
}

}  // namespace

void follow_delivered(soci::session& sql, std::int64_t delivery, bool ask, Time now) {
    const long long id = delivery;
    const long long at = to_database(now);
    if (!ask) {
        // Asked no longer: the configuration has changed while it was sent again.
        sql << "update commitment_item set state = 'failed', finished = :at "
               "where delivery_id = :id and state = 'resending'",
            soci::use(at), soci::use(id);
        return;
    }
    sql << "insert into commitment_item (delivery_id, destination, study_instance_uid, sop_class_uid, "
           "sop_instance_uid, state, attempt, next_attempt, commitment_id, refuted, reason, finished) "
           "select d.id, d.destination, coalesce((select s.study_instance_uid from result r "
           "join job j on j.id = r.job_id join study s on s.id = j.study_id "
           "where r.sop_instance_uid = d.sop_instance_uid), (select n.study_instance_uid from instance n "
           "where n.sop_instance_uid = d.sop_instance_uid and n.variant = 0), ''), d.sop_class_uid, "
           "d.sop_instance_uid, 'waiting', 0, :at, 0, 0, 0, 0 from delivery d where d.id = :id "
           "on conflict (delivery_id) do update set state = 'waiting', next_attempt = excluded.next_attempt",
        soci::use(at), soci::use(id);
}

void follow_dead(soci::session& sql, std::int64_t delivery, Time now) {
    const long long id = delivery;
    const long long at = to_database(now);
    sql << "update commitment_item set state = 'failed', finished = :at "
           "where delivery_id = :id and state = 'resending'",
        soci::use(at), soci::use(id);
}

std::optional<std::string> Journal::commitment_destination(const std::string& transaction_uid) {
    return impl_->read("cannot look for a transaction",
                       [&](soci::session& sql) -> std::optional<std::string> {
                           std::string destination;
                           sql << "select destination from commitment where transaction_uid = :uid",
                               soci::use(transaction_uid), soci::into(destination);
                           if (!sql.got_data()) return std::nullopt;
                           return destination;
                       });
}

CommitmentChanges Journal::record_commitment(const dicom::CommitmentReport& report,
                                             const CommitmentLimits& limits, Time now) {
    const Dialect dialect = impl_->address.dialect;
    return impl_->transact("cannot record a storage commitment", [&](soci::session& sql) {
        using Transaction = CommitmentChanges::Transaction;
        CommitmentChanges changes;
        const auto found = lock_transaction(sql, dialect, report.transaction_uid);
        if (!found) return changes;
        changes.transaction = found->state == "requested" ? Transaction::open : Transaction::ended;
        // A result that comes twice must not undo what followed the first.
        if (found->state == "committed" || found->state == "failed") return changes;
        changes.committed = mark_committed(sql, *found, report, now);
        if (changes.transaction == Transaction::ended) return changes;
        handle_failures(sql, found->id, report, {limits, now, changes});
        const bool whole = changes.sent_again + changes.asked_again + changes.given_up == 0;
        end_commitment(sql, found->id, {whole ? "committed" : "failed"}, now);
        return changes;
    });
}

}  // namespace calcnode::service
