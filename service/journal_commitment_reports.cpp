// The journal's part of being asked by senders: what we hold, and what a sender is still to be told.
#include <algorithm>

#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

using dicom::CommitmentReport;

/// The instances that the report is about, whatever it says of them.
std::vector<std::string> subjects(const CommitmentReport& report) {
    std::vector<std::string> uids;
    for (const dicom::SopReference& one : report.committed)
        uids.push_back(one.sop_instance_uid);
    for (const dicom::FailedReference& one : report.failed)
        uids.push_back(one.reference.sop_instance_uid);
    std::sort(uids.begin(), uids.end());
    return uids;
}

/// PS3.4 J.3.3.1.1.3: the transaction UID is in use for something else.
CommitmentReport duplicate(const CommitmentReport& report) {
    CommitmentReport failed{report.transaction_uid, {}, report.failed};
    for (const dicom::SopReference& one : report.committed)
        failed.failed.push_back({one, 0});
    for (dicom::FailedReference& one : failed.failed)
        one.reason = dicom::kReasonDuplicateTransaction;
    return failed;
}

std::optional<CommitmentReport> known_report(soci::session& sql, Dialect dialect,
                                             const CommitmentDuty& duty) {
    std::string report;
    sql << "select report from commitment_report where transaction_uid = :uid and calling_ae_title = :ae" +
               lock_rows(dialect),
        soci::use(duty.report.transaction_uid), soci::use(duty.calling_ae_title), soci::into(report);
    if (!sql.got_data()) return std::nullopt;
    return decode_report(report);
}

}  // namespace

std::vector<HeldInstance> Journal::held_instances(const std::vector<dicom::SopReference>& references) {
    return impl_->read("cannot look for instances", [&](soci::session& sql) {
        std::vector<HeldInstance> held;
        std::string uid, class_uid, path;
        soci::statement rows = (sql.prepare << "select sop_class_uid, path from instance "
                                               "where sop_instance_uid = :uid and variant = 0",
                                soci::use(uid), soci::into(class_uid), soci::into(path));
        for (const dicom::SopReference& reference : references) {
            uid = reference.sop_instance_uid;
            held.emplace_back();
            if (rows.execute(true)) held.back() = {class_uid, path};
        }
        return held;
    });
}

CommitmentReport Journal::record_commitment_duty(const CommitmentDuty& duty, Time now, Time due) {
    const Dialect dialect = impl_->address.dialect;
    return impl_->transact("cannot record a request for storage commitment", [&](soci::session& sql) {
        CommitmentReport report = duty.report;
        const auto known = known_report(sql, dialect, duty);
        if (known && subjects(*known) != subjects(report)) report = duplicate(report);
        const std::string text = encode_report(report);
        const std::string called = printable(duty.called_ae_title, 64);
        const long long created = to_database(now);
        const long long next = to_database(due);
        sql << "insert into commitment_report (transaction_uid, calling_ae_title, called_ae_title, report, "
               "state, attempt, next_attempt, owner, lease_until, text, created, finished) values (:uid, "
               ":calling, :called, :report, 'pending', 0, :next, '', 0, '', :created, 0) "
               "on conflict (transaction_uid, calling_ae_title) do update set state = 'pending', attempt = "
               "0, "
               "report = excluded.report, called_ae_title = excluded.called_ae_title, "
               "next_attempt = excluded.next_attempt, owner = '', lease_until = 0, finished = 0",
            soci::use(report.transaction_uid), soci::use(duty.calling_ae_title), soci::use(called),
            soci::use(text), soci::use(next), soci::use(created);
        return report;
    });
}

void Journal::commitment_reported(const std::string& calling_ae_title, const std::string& transaction_uid,
                                  bool taken, Time now) {
    impl_->transact("cannot record a report of storage commitment", [&](soci::session& sql) {
        const long long at = to_database(now);
        const std::string state = taken ? "reported" : "pending";
        const long long finished = taken ? at : 0;
        sql << "update commitment_report set state = :state, next_attempt = :next, finished = :finished "
               "where transaction_uid = :uid and calling_ae_title = :ae and state = 'pending'",
            soci::use(state), soci::use(at), soci::use(finished), soci::use(transaction_uid),
            soci::use(calling_ae_title);
    });
}

std::optional<CommitmentDuty> Journal::claim_commitment_report(const std::string& owner, Time now,
                                                               Duration lease) {
    const long long at = to_database(now);
    const std::string due =
        "from commitment_report c where c.state = 'pending' and c.next_attempt <= :now "
        "and c.lease_until <= :lease ";
    const bool any = impl_->read("cannot look for reports of storage commitment", [&](soci::session& sql) {
        int count = 0;
        sql << "select count(*) " + due, soci::use(at, "now"), soci::use(at, "lease"), soci::into(count);
        return count > 0;
    });
    if (!any) return std::nullopt;
    const Dialect dialect = impl_->address.dialect;
    return impl_->transact(
        "cannot claim a report of storage commitment",
        [&](soci::session& sql) -> std::optional<CommitmentDuty> {
            CommitmentDuty duty;
            long long id = 0;
            std::string report;
            sql << "select c.id, c.calling_ae_title, c.called_ae_title, c.report, c.attempt " + due +
                       "order by c.id limit 1" + skip_locked(dialect, "c"),
                soci::use(at, "now"), soci::use(at, "lease"), soci::into(id),
                soci::into(duty.calling_ae_title), soci::into(duty.called_ae_title), soci::into(report),
                soci::into(duty.attempt);
            if (!sql.got_data()) return std::nullopt;
            duty.id = id;
            duty.report = decode_report(report);
            ++duty.attempt;
            const long long until = to_database(now + lease);
            sql << "update commitment_report set owner = :owner, lease_until = :until, attempt = :attempt "
                   "where id = :id",
                soci::use(owner), soci::use(until), soci::use(duty.attempt), soci::use(id);
            return duty;
        });
}

void Journal::finish_commitment_report(const CommitmentDuty& duty, const std::string& owner,
                                       const DeliveryOutcome& outcome, Time now) {
    impl_->transact("cannot finish a report of storage commitment", [&](soci::session& sql) {
        using State = DeliveryOutcome::State;
        const bool retry = outcome.state == State::retry;
        const std::string state =
            retry ? "pending" : (outcome.state == State::delivered ? "reported" : "unreported");
        const long long id = duty.id;
        const long long next = to_database(outcome.next_attempt);
        const long long finished = retry ? 0 : to_database(now);
        const std::string text = printable(outcome.text, 500);
        sql << "update commitment_report set state = :state, owner = '', lease_until = 0, next_attempt = "
               ":next, text = :text, finished = :finished where id = :id and owner = :owner",
            soci::use(state), soci::use(next), soci::use(text), soci::use(finished), soci::use(id),
            soci::use(owner);
    });
}

}  // namespace calcnode::service
