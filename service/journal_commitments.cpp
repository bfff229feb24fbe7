// The journal's part of asking destinations to commit: a row for each delivered object, and one for each
// request, which is there before the request is sent. So a result finds its transaction whenever it comes,
// after a restart too.
#include "service/journal_commitments.h"

#include <algorithm>

namespace calcnode::service {

namespace {

constexpr int kMostObjects = 500;  // of one request

/// The destination's oldest study that has an object due, and no delivery pending. Without a lock.
std::optional<std::string> due_study(soci::session& sql, const std::string& destination, Time now) {
    const long long at = to_database(now);
    std::string study;
    sql << "select i.study_instance_uid from commitment_item i where i.state = 'waiting' "
           "and i.destination = :destination and i.next_attempt <= :now and not exists ("
           "select 1 from delivery d where d.state = 'pending' and d.destination = i.destination "
           "and (d.sop_instance_uid in (select r.sop_instance_uid from result r join job j on j.id = "
           "r.job_id "
           "join study s on s.id = j.study_id where s.study_instance_uid = i.study_instance_uid) "
           "or d.sop_instance_uid in (select n.sop_instance_uid from instance n "
           "where n.study_instance_uid = i.study_instance_uid))) order by i.id limit 1",
        soci::use(destination, "destination"), soci::use(at, "now"), soci::into(study);
    if (!sql.got_data()) return std::nullopt;
    return study;
}

std::vector<CommitmentItem> lock_due(soci::session& sql, Dialect dialect, const std::string& destination,
                                     const std::string& study, Time now) {
    const long long at = to_database(now);
    CommitmentItem item;
    soci::statement rows =
        (sql.prepare << "select i.id, i.delivery_id, i.sop_class_uid, i.sop_instance_uid, i.attempt "
                        "from commitment_item i where i.state = 'waiting' and i.destination = :destination "
                        "and i.study_instance_uid = :study and i.next_attempt <= :now order by i.id limit " +
                            std::to_string(kMostObjects) + skip_locked(dialect, "i"),
         soci::use(destination, "destination"), soci::use(study, "study"), soci::use(at, "now"),
         soci::into(item.id), soci::into(item.delivery), soci::into(item.reference.sop_class_uid),
         soci::into(item.reference.sop_instance_uid), soci::into(item.attempt));
    return read_items(rows, item);
}

long long insert_commitment(soci::session& sql, const OpenCommitment& open, Time now, Time deadline) {
    const long long until = to_database(deadline);
    const long long at = to_database(now);
    long long id = 0;
    sql << "insert into commitment (transaction_uid, destination, study_instance_uid, state, deadline, text, "
           "created, finished) values (:uid, :destination, :study, 'requested', :until, '', :at, 0) "
           "returning id",
        soci::use(open.request.transaction_uid), soci::use(open.destination),
        soci::use(open.study_instance_uid), soci::use(until), soci::use(at), soci::into(id);
    return id;
}

/// Locks the row. False: it is not open any more (or not there).
bool lock_requested(soci::session& sql, Dialect dialect, long long id) {
    std::string state;
    sql << "select state from commitment where id = :id" + lock_rows(dialect), soci::use(id),
        soci::into(state);
    return sql.got_data() && state == "requested";
}

}  // namespace

std::optional<OpenCommitment> Journal::open_commitment(const std::string& destination,
                                                       const std::string& transaction_uid, Time now,
                                                       Time deadline) {
    const auto study = impl_->read("cannot look for objects to be committed",
                                   [&](soci::session& sql) { return due_study(sql, destination, now); });
    if (!study) return std::nullopt;
    const Dialect dialect = impl_->address.dialect;
    return impl_->transact(
        "cannot open a storage commitment", [&](soci::session& sql) -> std::optional<OpenCommitment> {
            const std::vector<CommitmentItem> items = lock_due(sql, dialect, destination, *study, now);
            if (items.empty()) return std::nullopt;  // another process was first
            OpenCommitment open{0, destination, *study, {transaction_uid, {}}, 0};
            const long long id = insert_commitment(sql, open, now, deadline);
            open.id = id;
            for (const CommitmentItem& item : items) {
                open.request.references.push_back(item.reference);
                open.attempt = std::max(open.attempt, item.attempt + 1);
                sql << "update commitment_item set state = 'asked', attempt = attempt + 1, "
                       "commitment_id = :commitment where id = :id",
                    soci::use(id), soci::use(item.id);
            }
            return open;
        });
}

void Journal::commitment_taken(std::int64_t commitment, Time deadline) {
    impl_->transact("cannot record a storage commitment", [&](soci::session& sql) {
        const long long id = commitment;
        const long long until = to_database(deadline);
        sql << "update commitment set deadline = :until where id = :id and state = 'requested'",
            soci::use(until), soci::use(id);
    });
}

bool Journal::commitment_awaited(std::int64_t commitment) {
    return impl_->read("cannot read a storage commitment", [&](soci::session& sql) {
        const long long id = commitment;
        int count = 0;
        sql << "select count(*) from commitment where id = :id and state = 'requested'", soci::use(id),
            soci::into(count);
        return count == 1;
    });
}

CommitmentChanges Journal::commitment_not_taken(std::int64_t commitment, const UntakenCommitment& how,
                                                const CommitmentLimits& limits, Time now) {
    const Dialect dialect = impl_->address.dialect;
    return impl_->transact("cannot end a storage commitment", [&](soci::session& sql) {
        CommitmentChanges changes;
        const long long id = commitment;
        if (!lock_requested(sql, dialect, id)) {
            changes.transaction = CommitmentChanges::Transaction::ended;
            return changes;
        }
        changes.transaction = CommitmentChanges::Transaction::open;
        const bool unreachable = how.why == UntakenCommitment::Why::unreachable;
        for (const CommitmentItem& item : items_asked(sql, id)) {
            if (!unreachable) {
                ask_again(sql, item, {limits, now, changes});
                continue;
            }
            sql << "update commitment_item set attempt = attempt - 1 where id = :id", soci::use(item.id);
            set_item(sql, item, {"waiting", 0, limits.next});
            ++changes.asked_again;
        }
        end_commitment(sql, id, {unreachable ? "unreachable" : "refused", how.text}, now);
        return changes;
    });
}

CommitmentChanges Journal::expire_commitments(const std::string& destination, const CommitmentLimits& limits,
                                              Time now) {
    const Dialect dialect = impl_->address.dialect;
    const long long at = to_database(now);
    const auto overdue = [&](soci::session& sql, const std::string& lock) {
        std::vector<long long> ids;
        long long id = 0;
        soci::statement rows =
            (sql.prepare << "select c.id from commitment c where c.state = 'requested' and "
                            "c.destination = :destination and c.deadline <= :now" +
                                lock,
             soci::use(destination), soci::use(at), soci::into(id));
        rows.execute();
        while (rows.fetch())
            ids.push_back(id);
        return ids;
    };
    if (impl_->read("cannot look for overdue storage commitments",
                    [&](soci::session& sql) { return overdue(sql, "").empty(); }))
        return {};
    return impl_->transact("cannot end storage commitments", [&](soci::session& sql) {
        CommitmentChanges changes;
        for (const long long id : overdue(sql, skip_locked(dialect, "c"))) {
            changes.transaction = CommitmentChanges::Transaction::open;
            for (const CommitmentItem& item : items_asked(sql, id))
                ask_again(sql, item, {limits, now, changes});
            end_commitment(sql, id, {"timed_out"}, now);
        }
        return changes;
    });
}

}  // namespace calcnode::service
