// The journal's part of analysing: jobs under a lease.
#include <algorithm>

#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

struct Candidate {
    long long job = 0;
    long long study = 0;
};

// Queued, or its worker is dead; and no other job of its study is running.
constexpr const char* kClaimable =
    " from job j join study s on s.id = j.study_id "
    "where (j.state = 'queued' or (j.state = 'running' and j.lease_until <= :now)) and not exists "
    "(select 1 from job r where r.study_id = j.study_id and r.id <> j.id and r.state = 'running')";

/// A look without any lock: idle workers ask every second, and on SQLite each transaction shuts the others
/// out.
bool any_claimable(soci::session& sql, Time now) {
    const long long at = to_database(now);
    int count = 0;
    sql << std::string("select count(*)") + kClaimable, soci::use(at), soci::into(count);
    return count > 0;
}

/// A job that nobody works on is pointless once a newer generation of its study exists.
void supersede_stale(soci::session& sql, Time now) {
    const long long at = to_database(now);
    sql << "update job set state = 'superseded', owner = '', finished = :at "
           "where (state = 'queued' or (state = 'running' and lease_until <= :now)) and exists "
           "(select 1 from job newer where newer.study_id = job.study_id and newer.generation > "
           "job.generation)",
        soci::use(at, "at"), soci::use(at, "now");
}

/// Locks the job and its study, so that two workers cannot take two jobs of one study at the same moment.
std::optional<Candidate> lock_candidate(soci::session& sql, Dialect dialect, Time now) {
    const long long at = to_database(now);
    Candidate candidate;
    sql << std::string("select j.id, j.study_id") + kClaimable + " order by j.id limit 1" +
               skip_locked(dialect, "j, s"),
        soci::use(at), soci::into(candidate.job), soci::into(candidate.study);
    if (!sql.got_data()) return std::nullopt;
    // The select's view may be older than its lock: another worker may just have taken another job of this
    // study.
    int running = 0;
    sql << "select count(*) from job where study_id = :study and id <> :job and state = 'running'",
        soci::use(candidate.study), soci::use(candidate.job), soci::into(running);
    if (running > 0) return std::nullopt;
    return candidate;
}

/// Rows of a journal that knew no series yet cannot be referred to.
std::vector<EarlierReport> earlier_reports(soci::session& sql, long long study, int generation) {
    std::vector<EarlierReport> reports;
    EarlierReport report;
    std::string kind;
    std::string scheme;
    soci::statement rows =
        (sql.prepare << "select r.kind, r.code_scheme, r.sop_class_uid, r.sop_instance_uid, "
                        "r.series_instance_uid from result r join job j on j.id = r.job_id "
                        "where j.study_id = :study and j.generation < :generation "
                        "and r.kind in ('cad_sr', 'measurement_report') and r.series_instance_uid <> '' "
                        "order by j.generation desc, r.id",
         soci::use(study, "study"), soci::use(generation, "generation"), soci::into(kind), soci::into(scheme),
         soci::into(report.sop_class_uid), soci::into(report.sop_instance_uid),
         soci::into(report.series_instance_uid));
    rows.execute();
    while (rows.fetch()) {
        report.kind = dicom::result_kind_of(kind).value_or(dicom::ResultKind::cad_sr);
        report.code_scheme = scheme == "srt" ? dicom::CodeScheme::srt : dicom::CodeScheme::sct;
        const bool replaced = std::any_of(reports.begin(), reports.end(), [&](const EarlierReport& later) {
            return later.kind == report.kind && later.code_scheme == report.code_scheme;
        });
        if (!replaced) reports.push_back(report);
    }
    return reports;
}

Job take(soci::session& sql, long long job_id, const std::string& owner, Time now, Duration lease) {
    const long long at = to_database(now);
    const long long until = to_database(now + lease);
    sql << "update job set state = 'running', owner = :owner, lease_until = :until, attempt = attempt + 1, "
           "started = :at where id = :id",
        soci::use(owner), soci::use(until), soci::use(at), soci::use(job_id);
    Job job;
    job.id = job_id;
    long long study = 0;
    std::string images;
    std::string destinations;
    sql << "select j.study_id, s.study_instance_uid, j.generation, j.attempt, j.worker_deaths, j.images, "
           "j.destinations "
           "from job j join study s on s.id = j.study_id where j.id = :id",
        soci::use(job_id), soci::into(study), soci::into(job.study_instance_uid), soci::into(job.generation),
        soci::into(job.attempt), soci::into(job.worker_deaths), soci::into(images), soci::into(destinations);
    job.study_id = study;
    job.images = decode_images(images);
    job.destinations = decode_names(destinations);
    job.earlier_reports = earlier_reports(sql, study, job.generation);
    add_event(sql, {now, "job_claimed", job.study_instance_uid, job.id,
                    owner + ", attempt " + std::to_string(job.attempt)});
    return job;
}

enum class Holding { running, completed, lost };

/// Locks the job's row and says whether this attempt of the owner still has it.
Holding lock_own_job(soci::session& sql, Dialect dialect, const Job& job, const std::string& owner) {
    const long long id = job.id;
    std::string state;
    std::string holder;
    int attempt = 0;
    sql << "select state, owner, attempt from job where id = :id" + lock_rows(dialect), soci::use(id),
        soci::into(state), soci::into(holder), soci::into(attempt);
    if (!sql.got_data() || holder != owner || attempt != job.attempt) return Holding::lost;
    if (state == "running") return Holding::running;
    return state == "done" ? Holding::completed : Holding::lost;
}

void record_result(soci::session& sql, const Job& job, const ResultToRecord& result, Time now) {
    const dicom::ResultObject& object = result.object;
    const long long job_id = job.id;
    const long long at = to_database(now);
    const ObjectToDeliver to_deliver{object.path.generic_string(), object.sop_class_uid,
                                     object.sop_instance_uid, object.transfer_syntax_uid};
    const std::string kind = dicom::to_string(object.kind);
    const std::string scheme = dicom::to_string(object.code_scheme);
    sql << "insert into result (job_id, path, kind, code_scheme, sop_class_uid, sop_instance_uid, "
           "series_instance_uid, transfer_syntax_uid, created) "
           "values (:job, :path, :kind, :scheme, :class, :sop, :series, :syntax, :created) "
           "on conflict (sop_instance_uid) do nothing",
        soci::use(job_id), soci::use(to_deliver.path), soci::use(kind), soci::use(scheme),
        soci::use(object.sop_class_uid), soci::use(object.sop_instance_uid),
        soci::use(object.series_instance_uid), soci::use(object.transfer_syntax_uid), soci::use(at);
    for (const std::string& destination : result.destinations)
        queue_delivery(sql, to_deliver, destination, now);
}

}  // namespace

std::vector<RunningJob> Journal::running_jobs() {
    return impl_->read("cannot read the running jobs", [&](soci::session& sql) {
        std::vector<RunningJob> running;
        RunningJob job;
        long long id = 0;
        soci::statement rows =
            (sql.prepare << "select id, attempt, owner from job where state = 'running' order by id",
             soci::into(id), soci::into(job.attempt), soci::into(job.owner));
        rows.execute();
        while (rows.fetch()) {
            job.id = id;
            running.push_back(job);
        }
        return running;
    });
}

std::optional<Job> Journal::claim_job(const std::string& owner, Time now, Duration lease) {
    const Dialect dialect = impl_->address.dialect;
    if (!impl_->read("cannot look for jobs", [&](soci::session& sql) { return any_claimable(sql, now); }))
        return std::nullopt;
    return impl_->transact("cannot claim a job", [&](soci::session& sql) -> std::optional<Job> {
        supersede_stale(sql, now);
        const auto candidate = lock_candidate(sql, dialect, now);
        if (!candidate) return std::nullopt;
        return take(sql, candidate->job, owner, now, lease);
    });
}

bool Journal::renew_job(std::int64_t job, const std::string& owner, Time now, Duration lease) {
    return impl_->transact("cannot renew a job's lease", [&](soci::session& sql) {
        const long long id = job;
        const long long until = to_database(now + lease);
        soci::statement update = (sql.prepare << "update job set lease_until = :until "
                                                 "where id = :id and owner = :owner and state = 'running'",
                                  soci::use(until), soci::use(id), soci::use(owner));
        return execute_change(update) == 1;
    });
}

bool Journal::complete_job(const Job& job, const std::string& owner,
                           const std::vector<ResultToRecord>& results, bool failed,
                           const std::string& summary, Time now, const StageTimes& stages) {
    const Dialect dialect = impl_->address.dialect;
    return impl_->transact("cannot complete a job", [&](soci::session& sql) {
        const Holding holding = lock_own_job(sql, dialect, job, owner);
        // Completed already: by this very call, before its connection broke.
        if (holding != Holding::running) return holding == Holding::completed;

        for (const ResultToRecord& result : results)
            record_result(sql, job, result, now);
        const long long id = job.id;
        const long long at = to_database(now);
        const int has_failed = failed ? 1 : 0;
        const std::string text = printable(summary, 1000);
        const std::string timings = encode_stages(stages);
        sql << "update job set state = 'done', failed = :failed, summary = :summary, finished = :at, "
               "timings = :timings, lease_until = 0 "
               "where id = :id",
            soci::use(has_failed), soci::use(text), soci::use(at), soci::use(timings), soci::use(id);
        add_event(sql, {now, failed ? "job_failed" : "job_done", job.study_instance_uid, job.id, text});
        return true;
    });
}

void Journal::return_job(const Job& job, const std::string& owner) {
    const Dialect dialect = impl_->address.dialect;
    impl_->transact("cannot return a job", [&](soci::session& sql) {
        if (lock_own_job(sql, dialect, job, owner) != Holding::running) return;
        const long long id = job.id;
        sql << "update job set state = 'queued', owner = '', lease_until = 0, attempt = attempt - 1 where id "
               "= :id",
            soci::use(id);
    });
}

int Journal::release_jobs(const std::string& owner) {
    return impl_->transact("cannot release jobs", [&](soci::session& sql) {
        soci::statement update =
            (sql.prepare << "update job set state = 'queued', owner = '', lease_until = 0, "
                            "worker_deaths = worker_deaths + 1 where owner = :owner and state = 'running'",
             soci::use(owner));
        return static_cast<int>(execute_change(update));
    });
}

}  // namespace calcnode::service
