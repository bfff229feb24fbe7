// The journal's part of watching: jobs, deliveries, destinations, events, and what has changed.
#include <map>

#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

constexpr long long kForever = 1LL << 62;

/// A select whose conditions depend on what is asked for. Values are bound, never written into the text.
class Listing {
  public:
    Listing(soci::session& sql, std::string text) : statement_(sql), text_(std::move(text)) {}

    /// Adds ` and column = value` unless the value is empty. `value` must live until run().
    void where(const char* column, const std::string& value) {
        if (value.empty()) return;
        const std::string name = "v" + std::to_string(++bound_);
        text_ += std::string(" and ") + column + " = :" + name;
        statement_.exchange(soci::use(value, name));
    }
    void page(const char* id_column, const std::optional<ListCursor>& after, int limit) {
        before_ = after ? after->id : kForever;
        limit_ = limit;
        text_ += std::string(" and ") + id_column + " < :before order by " + id_column + " desc limit :limit";
        statement_.exchange(soci::use(before_, "before"));
        statement_.exchange(soci::use(limit_, "limit"));
    }
    template <typename... Values>
    void into(Values&... values) {
        (statement_.exchange(soci::into(values)), ...);
    }
    soci::statement& run() {
        statement_.alloc();
        statement_.prepare(text_);
        statement_.define_and_bind();
        statement_.execute();
        return statement_;
    }

  private:
    soci::statement statement_;
    std::string text_;
    int bound_ = 0;
    long long before_ = 0;
    int limit_ = 0;
};

std::vector<JournalEvent> read_events(Listing& listing) {
    std::vector<JournalEvent> events;
    JournalEvent event;
    long long at = 0;
    long long job = 0;
    listing.into(at, event.kind, event.study_instance_uid, job, event.text);
    soci::statement& rows = listing.run();
    while (rows.fetch()) {
        event.at = from_database(at);
        event.job = job;
        events.push_back(event);
    }
    return events;
}

constexpr const char* kEvents = "select at, kind, study_instance_uid, job_id, text from event where 1 = 1";

}  // namespace

std::vector<JournalEvent> Journal::recent_events(int limit) {
    return impl_->read("cannot read the events", [&](soci::session& sql) {
        Listing listing(sql, kEvents);
        listing.page("id", std::nullopt, limit);
        return read_events(listing);
    });
}

std::vector<JournalEvent> Journal::study_events(const std::string& study_instance_uid, int limit) {
    return impl_->read("cannot read a study's events", [&](soci::session& sql) {
        Listing listing(sql, kEvents);
        listing.where("study_instance_uid", study_instance_uid);
        listing.page("id", std::nullopt, limit);
        return read_events(listing);
    });
}

std::vector<JobRow> Journal::list_jobs(const JobQuery& query) {
    return impl_->read("cannot list the jobs", [&](soci::session& sql) {
        Listing listing(sql,
                        "select j.id, s.study_instance_uid, j.generation, j.state, j.attempt, j.owner, "
                        "j.reason, j.failed, j.summary, j.created, j.started, j.finished, j.images from job "
                        "j join study s on s.id = j.study_id where 1 = 1");
        listing.where("j.state", query.state);
        listing.where("s.study_instance_uid", query.study_instance_uid);
        listing.page("j.id", query.after, query.limit);
        std::vector<JobRow> jobs;
        JobRow row;
        long long id = 0, created = 0, started = 0, finished = 0;
        int failed = 0;
        std::string images;
        listing.into(id, row.study_instance_uid, row.generation, row.state, row.attempt, row.owner,
                     row.reason, failed, row.summary, created, started, finished, images);
        soci::statement& rows = listing.run();
        while (rows.fetch()) {
            JobRow& job = jobs.emplace_back(row);
            job.id = id;
            job.failed = failed != 0;
            job.created = from_database(created);
            job.started = from_database(started);
            job.finished = from_database(finished);
            job.images = decode_images(images);
        }
        return jobs;
    });
}

std::vector<DeliveryRow> Journal::list_deliveries(const DeliveryQuery& query) {
    return impl_->read("cannot list the deliveries", [&](soci::session& sql) {
        const bool of_study = !query.study_instance_uid.empty();
        Listing listing(
            sql,
            std::string("select d.id, coalesce(s.study_instance_uid, ''), d.destination, coalesce(r.kind, "
                        "'instance'), d.sop_class_uid, d.sop_instance_uid, d.state, d.attempt, "
                        "d.next_attempt, d.text, d.created, d.finished, coalesce(c.state, '') from ") +
                (of_study ? "study s join job j on j.study_id = s.id join result r on r.job_id = j.id join "
                            "delivery d on d.sop_instance_uid = r.sop_instance_uid "
                          : "delivery d left join result r on r.sop_instance_uid = d.sop_instance_uid left "
                            "join job j on j.id = r.job_id left join study s on s.id = j.study_id ") +
                "left join commitment_item c on c.delivery_id = d.id where 1 = 1");
        listing.where("d.state", query.state);
        listing.where("d.destination", query.destination);
        listing.where("s.study_instance_uid", query.study_instance_uid);
        listing.page("d.id", query.after, query.limit);
        std::vector<DeliveryRow> deliveries;
        DeliveryRow row;
        long long id = 0, next = 0, created = 0, finished = 0;
        listing.into(id, row.study_instance_uid, row.destination, row.kind, row.sop_class_uid,
                     row.sop_instance_uid, row.state, row.attempt, next, row.text, created, finished,
                     row.commitment);
        soci::statement& rows = listing.run();
        while (rows.fetch()) {
            DeliveryRow& delivery = deliveries.emplace_back(row);
            delivery.id = id;
            delivery.next_attempt = from_database(next);
            delivery.created = from_database(created);
            delivery.finished = from_database(finished);
        }
        return deliveries;
    });
}

std::optional<std::filesystem::path> Journal::result_path(const std::string& sop_instance_uid) {
    return impl_->read("cannot look for a result", [&](soci::session& sql) {
        std::optional<std::filesystem::path> found;
        std::string path;
        sql << "select path from result where sop_instance_uid = :uid", soci::use(sop_instance_uid),
            soci::into(path);
        if (sql.got_data()) found = path;
        return found;
    });
}

std::vector<DestinationActivity> Journal::destination_activity() {
    return impl_->read("cannot read what destinations did", [&](soci::session& sql) {
        std::map<std::string, DestinationActivity> found;
        std::string destination, state, text;
        long long count = 0, last = 0, at = 0;
        {
            soci::statement rows =
                (sql.prepare << "select destination, state, count(*), max(finished) from delivery "
                                "group by destination, state",
                 soci::into(destination), soci::into(state), soci::into(count), soci::into(last));
            rows.execute();
            while (rows.fetch()) {
                DestinationActivity& activity = found[destination];
                activity.destination = destination;
                add_count(activity.deliveries, state, count);
                if (state == "delivered") activity.last_delivered = from_database(last);
            }
        }
        // What did not succeed yet, or never will; the latest of each destination.
        soci::statement rows =
            (sql.prepare << "select destination, text, case when finished > 0 then finished else created end "
                            "from delivery where id in (select max(id) from delivery where state in "
                            "('pending', 'dead', 'not_accepted') and text <> '' group by destination)",
             soci::into(destination), soci::into(text), soci::into(at));
        rows.execute();
        while (rows.fetch()) {
            found[destination].last_error = text;
            found[destination].last_error_at = from_database(at);
        }
        std::vector<DestinationActivity> activities;
        for (auto& [name, activity] : found)
            activities.push_back(std::move(activity));
        return activities;
    });
}

JournalMarks Journal::marks() {
    return impl_->read("cannot look for changes", [&](soci::session& sql) {
        JournalMarks marks;
        const auto greatest = [&sql](const char* what, std::int64_t& number) {
            long long n = 0;
            sql << std::string("select coalesce(max(") + what, soci::into(n);
            number = n;
        };
        greatest("id), 0) from instance", marks.instance);
        greatest("id), 0) from event", marks.event);
        greatest("finished), 0) from delivery", marks.delivered);
        greatest("started), 0) from job", marks.started);
        return marks;
    });
}

std::vector<FinishedJob> Journal::finished_jobs(Time since) {
    return impl_->read("cannot look for finished jobs", [&](soci::session& sql) {
        std::vector<FinishedJob> jobs;
        const long long from = to_database(since);
        long long id = 0, created = 0, started = 0, finished = 0;
        int failed = 0;
        std::string timings;
        soci::statement rows =
            (sql.prepare
                 << "select id, failed, created, started, finished, timings from job where finished >= "
                    ":since and state = 'done' order by finished limit 5000",
             soci::use(from), soci::into(id), soci::into(failed), soci::into(created), soci::into(started),
             soci::into(finished), soci::into(timings));
        rows.execute();
        while (rows.fetch())
            jobs.push_back({id, failed != 0, from_database(created), from_database(started),
                            from_database(finished), decode_stages(timings)});
        return jobs;
    });
}

std::vector<FinishedDelivery> Journal::finished_deliveries(Time since) {
    return impl_->read("cannot look for finished deliveries", [&](soci::session& sql) {
        std::vector<FinishedDelivery> deliveries;
        const long long from = to_database(since);
        long long id = 0, arrived = 0, finished = 0;
        std::string destination, state;
        // A study that opened anew meanwhile has a later arrival than its job: then the job's beginning
        // counts.
        soci::statement rows =
            (sql.prepare
                 << "select d.id, d.destination, d.state, case when s.id is null then d.created when "
                    "s.last_received <= j.created then s.last_received else j.created end, d.finished from "
                    "delivery d left join result r on r.sop_instance_uid = d.sop_instance_uid left join job "
                    "j on j.id = r.job_id left join study s on s.id = j.study_id where d.finished >= :since "
                    "and d.state <> 'pending' order by d.finished limit 5000",
             soci::use(from), soci::into(id), soci::into(destination), soci::into(state), soci::into(arrived),
             soci::into(finished));
        rows.execute();
        while (rows.fetch())
            deliveries.push_back({id, destination, state, from_database(arrived), from_database(finished)});
        return deliveries;
    });
}

QueueDepths Journal::queue_depths() {
    return impl_->read("cannot look at the queues", [&](soci::session& sql) {
        QueueDepths depths;
        const auto count = [&sql](const char* what, std::int64_t& number) {
            long long n = 0;
            sql << std::string("select count(*) from ") + what, soci::into(n);
            number = n;
        };
        count("study where open = 1", depths.open_studies);
        count("job where state in ('queued', 'running')", depths.jobs);
        count("delivery where state = 'pending'", depths.deliveries);
        return depths;
    });
}

QueueAges Journal::queue_ages() {
    return impl_->read("cannot look at the queues", [&](soci::session& sql) {
        QueueAges ages;
        const auto oldest = [&sql](const char* what, Time& time) {
            long long at = 0;
            sql << std::string("select coalesce(min(") + what, soci::into(at);
            time = from_database(at);
        };
        oldest("first_received), 0) from study where open = 1", ages.oldest_open_study);
        oldest("created), 0) from job where state = 'queued'", ages.oldest_queued_job);
        oldest("created), 0) from delivery where state = 'pending'", ages.oldest_pending_delivery);
        return ages;
    });
}

}  // namespace calcnode::service
