#include "service/journal_migrations.h"

#include <string>
#include <vector>

#include "service/journal.h"
#include "service/journal_values.h"

namespace calcnode::service {

namespace {

using Step = std::vector<std::string>;

// Times are milliseconds since 1970 UTC; 0: none. Lists and headers are JSON in ASCII. Nothing is null.
Step first_version(Dialect dialect) {
    const std::string id = std::string("id ") + id_column(dialect);
    return {
        "create table instance (" + id +
            ", sop_instance_uid text not null, sop_class_uid text not null, study_instance_uid text not "
            "null, "
            "path text not null unique, digest text not null, bytes bigint not null, "
            "variant integer not null, analysable integer not null, calling_ae_title text not null, "
            "called_ae_title text not null, peer text not null, destinations text not null, header text not "
            "null, "
            "received bigint not null, unique (sop_instance_uid, digest))",
        // One instance of a UID is the true one; others of the same UID with other bytes are variants.
        "create unique index instance_primary on instance (sop_instance_uid) where variant = 0",
        "create index instance_by_study on instance (study_instance_uid)",

        "create table study (" + id +
            ", study_instance_uid text not null unique, revision bigint not null, generation integer not "
            "null, "
            "open integer not null, first_received bigint not null, last_received bigint not null)",
        "create index study_open on study (id) where open = 1",

        "create table job (" + id +
            ", study_id bigint not null references study (id), generation integer not null, "
            "state text not null check (state in ('queued', 'running', 'done', 'superseded')), "
            "attempt integer not null, owner text not null, lease_until bigint not null, images text not "
            "null, "
            "destinations text not null, reason text not null, failed integer not null, summary text not "
            "null, "
            "created bigint not null, started bigint not null, finished bigint not null, "
            "unique (study_id, generation))",
        "create index job_active on job (id) where state in ('queued', 'running')",

        "create table result (" + id +
            ", job_id bigint not null references job (id), path text not null, kind text not null, "
            "sop_class_uid text not null, sop_instance_uid text not null unique, transfer_syntax_uid text "
            "not null, "
            "created bigint not null)",

        "create table delivery (" + id +
            ", destination text not null, path text not null, sop_class_uid text not null, "
            "sop_instance_uid text not null, transfer_syntax_uid text not null, "
            "state text not null check (state in ('pending', 'delivered', 'dead')), attempt integer not "
            "null, "
            "next_attempt bigint not null, owner text not null, lease_until bigint not null, text text not "
            "null, "
            "created bigint not null, finished bigint not null, unique (sop_instance_uid, destination))",
        "create index delivery_pending on delivery (destination, next_attempt) where state = 'pending'",

        "create table event (" + id +
            ", at bigint not null, kind text not null, study_instance_uid text not null, job_id bigint not "
            "null, "
            "text text not null)",
    };
}

// Kinds of results with their code scheme and series; deliveries that the peer does not negotiate.
Step second_version(Dialect dialect) {
    Step step{"alter table result add column code_scheme text not null default 'sct'",
              "alter table result add column series_instance_uid text not null default ''"};
    const std::string states = "check (state in ('pending', 'delivered', 'not_accepted', 'dead'))";
    if (dialect == Dialect::postgresql) {
        step.emplace_back("alter table delivery drop constraint delivery_state_check");
        step.emplace_back("alter table delivery add constraint delivery_state_check " + states);
        return step;
    }
    // SQLite changes no constraint of a table that is there.
    const std::string columns =
        "id, destination, path, sop_class_uid, sop_instance_uid, transfer_syntax_uid, state, attempt, "
        "next_attempt, owner, lease_until, text, created, finished";
    for (const std::string& statement : {
             "create table delivery_of_two (id " + std::string(id_column(dialect)) +
                 ", destination text not null, path text not null, sop_class_uid text not null, "
                 "sop_instance_uid text not null, transfer_syntax_uid text not null, state text not null " +
                 states +
                 ", attempt integer not null, next_attempt bigint not null, owner text not null, "
                 "lease_until bigint not null, text text not null, created bigint not null, "
                 "finished bigint not null, unique (sop_instance_uid, destination))",
             "insert into delivery_of_two (" + columns + ") select " + columns + " from delivery",
             std::string("drop table delivery"),
             std::string("alter table delivery_of_two rename to delivery"),
             std::string("create index delivery_pending on delivery (destination, next_attempt) "
                         "where state = 'pending'"),
         })
        step.push_back(statement);
    return step;
}

Step storage_commitment(Dialect dialect) {
    const std::string id = std::string("id ") + id_column(dialect);
    return {
        // A request to a destination: one N-ACTION, one transaction UID.
        "create table commitment (" + id +
            ", transaction_uid text not null unique, destination text not null, study_instance_uid text not "
            "null, state text not null check (state in ('requested', 'committed', 'failed', 'refused', "
            "'unreachable', 'timed_out')), deadline bigint not null, text text not null, created bigint not "
            "null, finished bigint not null)",
        "create index commitment_requested on commitment (destination, deadline) where state = 'requested'",

        // An object that was delivered, and what its destination says of it.
        "create table commitment_item (" + id +
            ", delivery_id bigint not null unique references delivery (id), destination text not null, "
            "study_instance_uid text not null, sop_class_uid text not null, sop_instance_uid text not null, "
            "state text not null check (state in ('waiting', 'asked', 'resending', 'committed', 'failed', "
            "'uncommitted')), attempt integer not null, next_attempt bigint not null, commitment_id bigint "
            "not null, refuted bigint not null, reason integer not null, finished bigint not null, "
            "unique (sop_instance_uid, destination))",
        "create index commitment_item_waiting on commitment_item (destination, next_attempt) "
        "where state = 'waiting'",
        "create index commitment_item_asked on commitment_item (commitment_id) where state = 'asked'",

        // What a sender is to be told of its request.
        "create table commitment_report (" + id +
            ", transaction_uid text not null, calling_ae_title text not null, called_ae_title text not null, "
            "report text not null, state text not null check (state in ('pending', 'reported', "
            "'unreported')), attempt integer not null, next_attempt bigint not null, owner text not null, "
            "lease_until bigint not null, text text not null, created bigint not null, finished bigint not "
            "null, unique (transaction_uid, calling_ae_title))",
        "create index commitment_report_pending on commitment_report (next_attempt) where state = 'pending'",
        "create index result_by_job on result (job_id)",
    };
}

// So that lists answer at once however many studies there are.
Step watching() {
    return {
        "create index study_by_last_received on study (last_received, id)",
        "create index delivery_by_state on delivery (state, id)",
        "create index delivery_by_end on delivery (finished)",
        "create index event_by_study on event (study_instance_uid, id)",
        "create index job_failed on job (study_id) where failed = 1",
        "create index job_by_start on job (started)",
    };
}

// How long each stage took; numbers of everything without reading every row.
Step stage_times() {
    return {
        "create index instance_variant on instance (id) where variant = 1",
        "create index job_by_state on job (state, failed)",
        "create index delivery_activity on delivery (destination, state, finished)",
        "create index commitment_item_by_state on commitment_item (state)",
        // Milliseconds of each stage of the analysis, JSON; empty: not measured.
        "alter table job add column timings text not null default ''",
        "create index job_by_end on job (finished)",
    };
}

// How often a worker process has died of the job.
Step worker_deaths(Dialect) {
    return {"alter table job add column worker_deaths integer not null default 0"};
}

std::vector<Step> steps(Dialect dialect) {
    return {first_version(dialect), second_version(dialect), storage_commitment(dialect), watching(),
            stage_times(), worker_deaths(dialect)};
}

}  // namespace

int journal_schema_version() {
    return static_cast<int>(steps(Dialect::sqlite).size());
}

void migrate_journal(soci::session& sql, Dialect dialect, int last) {
    if (const std::string lock = schema_lock(dialect); !lock.empty()) sql << lock;
    sql << "create table if not exists schema_version (version integer not null unique, applied bigint not "
           "null)";
    int version = 0;
    sql << "select coalesce(max(version), 0) from schema_version", soci::into(version);

    const std::vector<Step> all = steps(dialect);
    const int newest = static_cast<int>(all.size());
    if (version > newest)
        throw JournalError("the journal's schema has version " + std::to_string(version) +
                           ", this program knows " + std::to_string(newest) +
                           ": run the newer calcnode that made it");
    const int end = last == 0 ? newest : last;
    for (int step = version + 1; step <= end; ++step) {
        for (const std::string& statement : all[static_cast<std::size_t>(step - 1)])
            sql << statement;
        const long long applied = to_database(now());
        sql << "insert into schema_version (version, applied) values (:version, :applied)", soci::use(step),
            soci::use(applied);
    }
}

}  // namespace calcnode::service
