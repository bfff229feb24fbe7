// The connection, the transaction, and what watches the journal.
#include "service/journal.h"

#include "dicom/fail_point.h"
#include "service/journal_impl.h"
#include "service/journal_migrations.h"

namespace calcnode::service {

namespace {

constexpr int kTries = 3;

}  // namespace

Journal::Journal(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Journal::Journal(Journal&&) noexcept = default;
Journal& Journal::operator=(Journal&&) noexcept = default;
Journal::~Journal() = default;

Journal Journal::open(const std::string& url) {
    auto impl = std::make_unique<Impl>();
    impl->address = parse_journal_url(url);
    const Dialect dialect = impl->address.dialect;
    impl->transact("cannot open the journal", [&](soci::session& sql) { migrate_journal(sql, dialect); });
    return Journal(std::move(impl));
}

soci::session& Journal::Impl::connected() {
    if (!session) session = connect(address);
    return *session;
}

void Journal::Impl::abandon() {
    if (!session) return;
    try {
        *session << "rollback";
        if (!session->is_connected()) session.reset();
    } catch (const soci::soci_error&) {
        session.reset();  // the connection is gone, and its transaction with it
    }
}

JournalError Journal::Impl::explained(const char* doing, const soci::soci_error& error,
                                      bool outcome_unknown) const {
    return JournalError(std::string(doing) + ": " + without_secrets(address, error.get_error_message()),
                        outcome_unknown);
}

void Journal::Impl::run(const char* doing, const Statements& body) {
    for (int attempt = 1;; ++attempt) {
        bool begun = false;
        bool committing = false;
        try {
            soci::session& sql = connected();
            begun = true;
            sql << begin_statement(address.dialect);
            body(sql);
            dicom::fail_point("journal.committing", doing);
            committing = true;
            sql << "commit";
            dicom::fail_point("journal.committed", doing);
            return;
        } catch (const soci::soci_error& error) {
            abandon();
            if (!begun || committing || attempt == kTries || !worth_retrying(address.dialect, error))
                throw explained(doing, error, committing);
        } catch (...) {
            abandon();
            throw;
        }
    }
}

void Journal::Impl::run_select(const char* doing, const Statements& body) {
    for (int attempt = 1;; ++attempt) {
        bool begun = false;
        try {
            soci::session& sql = connected();
            begun = true;
            body(sql);
            return;
        } catch (const soci::soci_error& error) {
            if (session && !session->is_connected()) session.reset();
            if (!begun || attempt == kTries || !worth_retrying(address.dialect, error))
                throw explained(doing, error, false);
        }
    }
}

long long execute_change(soci::statement& statement) {
    statement.execute(true);
    return statement.get_affected_rows();
}

void add_event(soci::session& sql, const JournalEvent& event) {
    const long long at = to_database(event.at);
    const long long job = event.job;
    const std::string text = printable(event.text, 500);
    sql << "insert into event (at, kind, study_instance_uid, job_id, text) "
           "values (:at, :kind, :study, :job, :text)",
        soci::use(at), soci::use(event.kind), soci::use(event.study_instance_uid), soci::use(job),
        soci::use(text);
}

JournalCounts Journal::counts() {
    return impl_->read("cannot count", [&](soci::session& sql) {
        JournalCounts counts;
        const auto count = [&sql](const std::string& what, std::int64_t& number) {
            long long n = 0;
            sql << "select count(*) from " + what, soci::into(n);
            number = n;
        };
        count("instance where variant = 0", counts.instances);
        count("instance where variant = 1", counts.variants);
        count("study where open = 1", counts.studies_open);
        count("job where state = 'queued'", counts.jobs_queued);
        count("job where state = 'running'", counts.jobs_running);
        count("job where state = 'done'", counts.jobs_done);
        count("job where state = 'done' and failed = 1", counts.jobs_failed);
        count("result", counts.results);
        count("delivery where state = 'pending'", counts.deliveries_pending);
        count("delivery where state = 'delivered'", counts.deliveries_delivered);
        count("delivery where state = 'not_accepted'", counts.deliveries_not_accepted);
        count("delivery where state = 'dead'", counts.deliveries_dead);
        count("commitment_item where state in ('waiting', 'asked', 'resending')", counts.commitments_pending);
        count("commitment_item where state = 'committed'", counts.commitments_committed);
        count("commitment_item where state in ('failed', 'uncommitted')", counts.commitments_failed);
        count("commitment_report where state = 'pending'", counts.commitment_reports_pending);
        count("commitment_report where state = 'reported'", counts.commitment_reports_reported);
        count("commitment_report where state = 'unreported'", counts.commitment_reports_unreported);
        return counts;
    });
}

}  // namespace calcnode::service
