// The journal's part of watching: studies, for lists and pages. Selects only, in one view of the database
// each.
#include <algorithm>
#include <array>

#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

constexpr std::array<std::pair<StudyState, const char*>, 6> kStates{{{StudyState::receiving, "receiving"},
                                                                     {StudyState::queued, "queued"},
                                                                     {StudyState::analysing, "analysing"},
                                                                     {StudyState::delivering, "delivering"},
                                                                     {StudyState::done, "done"},
                                                                     {StudyState::trouble, "trouble"}}};

// Studies of which a delivery is in this state: from the few such rows to their studies, never the other way.
std::string studies_with_delivery(const char* state) {
    return std::string(
               "(select dj.study_id from delivery d join result r on r.sop_instance_uid = "
               "d.sop_instance_uid join job dj on dj.id = r.job_id where d.state = '") +
           state + "')";
}

// The same decisions as state_of(), in SQL.
std::string condition(StudyState state) {
    const std::string dead = studies_with_delivery("dead");
    const std::string pending = studies_with_delivery("pending");
    const std::string closed = "s.open = 0 and ";
    // coalesce: an index of jobs by state would lead through all jobs instead of through the studies by date.
    const std::string finished = closed + "coalesce(j.state, '') = 'done' and ";
    switch (state) {
        case StudyState::receiving:
            return "s.open = 1";
        case StudyState::queued:
            return closed + "coalesce(j.state, '') = 'queued'";
        case StudyState::analysing:
            return closed + "coalesce(j.state, '') = 'running'";
        case StudyState::trouble:
            return finished + "(coalesce(j.failed, 0) = 1 or s.id in " + dead + ")";
        case StudyState::delivering:
            return finished + "coalesce(j.failed, 0) = 0 and s.id in " + pending + " and s.id not in " + dead;
        case StudyState::done:
            return finished + "coalesce(j.failed, 0) = 0 and s.id not in " + pending + " and s.id not in " +
                   dead;
    }
    return "1 = 0";
}

// Where the filter is of a few rows SQLite must start from them, not walk through all studies by date.
std::string few(StudyState state) {
    switch (state) {
        case StudyState::receiving:
            return " and s.id in (select o.id from study o where o.open = 1)";
        case StudyState::queued:
        case StudyState::analysing:
            return " and s.id in (select a.study_id from job a where a.state in ('queued', 'running'))";
        case StudyState::trouble:
            return " and s.id in (select f.study_id from job f where f.failed = 1 union all select * from " +
                   studies_with_delivery("dead") + " as dead)";
        case StudyState::delivering:
            return " and s.id in " + studies_with_delivery("pending");
        case StudyState::done:
            break;
    }
    return "";
}

std::vector<StudyRow> read_rows(soci::session& sql, const StudyQuery& query) {
    std::string text =
        "select s.id, s.study_instance_uid, s.open, s.generation, s.first_received, s.last_received, "
        "coalesce(j.id, 0), coalesce(j.state, ''), coalesce(j.attempt, 0), coalesce(j.owner, ''), "
        "coalesce(j.reason, ''), coalesce(j.failed, 0), coalesce(j.summary, ''), coalesce(j.created, 0), "
        "coalesce(j.started, 0), coalesce(j.finished, 0) from study s left join job j on j.study_id = s.id "
        "and j.generation = s.generation where s.last_received >= :since and s.last_received < :until and "
        "(s.last_received < :first or (s.last_received = :same and s.id < :id))";
    if (query.state) text += " and " + condition(*query.state) + few(*query.state);
    if (!query.study_instance_uid.empty()) text += " and s.study_instance_uid = :uid";
    text += " order by s.last_received desc, s.id desc limit :limit";

    constexpr long long kForever = 1LL << 62;
    const long long since = to_database(query.since);
    const long long until = query.until ? to_database(*query.until) : kForever;
    const long long first = query.after ? query.after->first : kForever;
    const long long id = query.after ? query.after->id : kForever;

    long long row_id = 0, received_first = 0, received_last = 0, job_id = 0, created = 0, started = 0,
              finished = 0;
    int open = 0, failed = 0;
    StudyRow row;
    JobRow job;
    soci::statement rows(sql);
    rows.exchange(soci::use(since, "since"));
    rows.exchange(soci::use(until, "until"));
    rows.exchange(soci::use(first, "first"));
    rows.exchange(soci::use(first, "same"));
    rows.exchange(soci::use(id, "id"));
    if (!query.study_instance_uid.empty()) rows.exchange(soci::use(query.study_instance_uid, "uid"));
    rows.exchange(soci::use(query.limit, "limit"));
    rows.exchange(soci::into(row_id));
    rows.exchange(soci::into(row.study_instance_uid));
    rows.exchange(soci::into(open));
    rows.exchange(soci::into(row.generation));
    rows.exchange(soci::into(received_first));
    rows.exchange(soci::into(received_last));
    rows.exchange(soci::into(job_id));
    rows.exchange(soci::into(job.state));
    rows.exchange(soci::into(job.attempt));
    rows.exchange(soci::into(job.owner));
    rows.exchange(soci::into(job.reason));
    rows.exchange(soci::into(failed));
    rows.exchange(soci::into(job.summary));
    rows.exchange(soci::into(created));
    rows.exchange(soci::into(started));
    rows.exchange(soci::into(finished));
    rows.alloc();
    rows.prepare(text);
    rows.define_and_bind();
    rows.execute();
    std::vector<StudyRow> studies;
    while (rows.fetch()) {
        StudyRow& study = studies.emplace_back(row);
        study.id = row_id;
        study.open = open != 0;
        study.first_received = from_database(received_first);
        study.last_received = from_database(received_last);
        if (job_id == 0) continue;
        study.job = job;
        study.job->id = job_id;
        study.job->study_instance_uid = study.study_instance_uid;
        study.job->generation = study.generation;
        study.job->failed = failed != 0;
        study.job->created = from_database(created);
        study.job->started = from_database(started);
        study.job->finished = from_database(finished);
    }
    return studies;
}

void add_instances(soci::session& sql, std::vector<StudyRow>& studies) {
    std::string uid, path, calling, called, peer, header;
    long long id = 0, bytes = 0, received = 0;
    soci::statement rows =
        (sql.prepare << "select id, path, bytes, calling_ae_title, called_ae_title, peer, header, received "
                        "from instance where study_instance_uid = :uid and variant = 0 and analysable = 1 "
                        "order by id",
         soci::use(uid), soci::into(id), soci::into(path), soci::into(bytes), soci::into(calling),
         soci::into(called), soci::into(peer), soci::into(header), soci::into(received));
    for (StudyRow& study : studies) {
        uid = study.study_instance_uid;
        rows.execute();
        while (rows.fetch()) {
            StoredInstance& stored = study.instances.emplace_back();
            stored.id = id;
            stored.instance.path = path;
            stored.instance.bytes = static_cast<std::uint64_t>(bytes);
            stored.instance.calling_ae_title = calling;
            stored.instance.called_ae_title = called;
            stored.instance.peer = peer;
            stored.instance.header = decode_header(header);
            stored.instance.received = from_database(received);
        }
    }
}

void add_deliveries(soci::session& sql, std::vector<StudyRow>& studies) {
    long long id = 0, count = 0;
    std::string state;
    soci::statement rows =
        (sql.prepare
             << "select d.state, count(*) from job j join result r on r.job_id = j.id join delivery d "
                "on d.sop_instance_uid = r.sop_instance_uid where j.study_id = :id group by d.state",
         soci::use(id), soci::into(state), soci::into(count));
    for (StudyRow& study : studies) {
        id = study.id;
        rows.execute();
        while (rows.fetch())
            add_count(study.deliveries, state, count);
    }
}

}  // namespace

void add_count(DeliveryCounts& counts, const std::string& state, std::int64_t count) {
    if (state == "pending") counts.pending += count;
    if (state == "delivered") counts.delivered += count;
    if (state == "not_accepted") counts.not_accepted += count;
    if (state == "dead") counts.dead += count;
}

const char* to_string(StudyState state) {
    return std::find_if(kStates.begin(), kStates.end(), [&](const auto& one) { return one.first == state; })
        ->second;
}

std::optional<StudyState> study_state_of(std::string_view name) {
    for (const auto& [state, word] : kStates)
        if (name == word) return state;
    return std::nullopt;
}

StudyState state_of(const StudyRow& study) {
    if (study.open || !study.job) return StudyState::receiving;
    if (study.job->state == "queued") return StudyState::queued;
    if (study.job->state == "running") return StudyState::analysing;
    if (study.job->failed || study.deliveries.dead > 0) return StudyState::trouble;
    return study.deliveries.pending > 0 ? StudyState::delivering : StudyState::done;
}

std::vector<StudyRow> Journal::list_studies(const StudyQuery& query) {
    return impl_->read("cannot list the studies", [&](soci::session& sql) {
        std::vector<StudyRow> studies = read_rows(sql, query);
        add_instances(sql, studies);
        add_deliveries(sql, studies);
        return studies;
    });
}

std::optional<StudyDetail> Journal::find_study(const std::string& study_instance_uid) {
    std::vector<StudyRow> studies =
        list_studies({.study_instance_uid = study_instance_uid, .after = {}, .limit = 1});
    if (studies.empty()) return std::nullopt;
    StudyDetail detail{.study = std::move(studies.front()), .jobs = {}, .results = {}, .deliveries = {}};
    constexpr int kAll = 10'000;
    detail.jobs =
        list_jobs({.state = {}, .study_instance_uid = study_instance_uid, .after = {}, .limit = kAll});
    detail.deliveries = list_deliveries({.state = {},
                                         .destination = {},
                                         .study_instance_uid = study_instance_uid,
                                         .after = {},
                                         .limit = kAll});
    detail.results = impl_->read("cannot list the results", [&](soci::session& sql) {
        std::vector<ResultRow> results;
        ResultRow row;
        const long long id = detail.study.id;
        long long created = 0;
        std::string path;
        soci::statement rows =
            (sql.prepare << "select r.kind, r.code_scheme, r.sop_class_uid, r.sop_instance_uid, "
                            "r.series_instance_uid, r.path, r.created, j.generation from job j join result r "
                            "on r.job_id = j.id where j.study_id = :id order by j.generation desc, r.id",
             soci::use(id), soci::into(row.kind), soci::into(row.code_scheme), soci::into(row.sop_class_uid),
             soci::into(row.sop_instance_uid), soci::into(row.series_instance_uid), soci::into(path),
             soci::into(created), soci::into(row.generation));
        rows.execute();
        while (rows.fetch()) {
            row.path = path;
            row.created = from_database(created);
            results.push_back(row);
        }
        return results;
    });
    return detail;
}

bool Journal::reanalyse(const std::string& study_instance_uid, const std::string& by, Time now) {
    return impl_->transact("cannot open a study anew", [&](soci::session& sql) {
        const long long at = to_database(now);
        soci::statement update =
            (sql.prepare << "update study set open = 1, revision = revision + 1, first_received = :first, "
                            "last_received = :last where study_instance_uid = :uid and open = 0",
             soci::use(at, "first"), soci::use(at, "last"), soci::use(study_instance_uid, "uid"));
        if (execute_change(update) == 0) return false;
        add_event(sql, {now, "reanalysis_asked", study_instance_uid, 0, "by " + by});
        return true;
    });
}

}  // namespace calcnode::service
