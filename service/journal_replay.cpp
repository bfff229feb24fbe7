// The journal's part of replay: dead letters are put back, and commitments that failed are asked for again.
#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

/// The query as a condition on rows of `delivery d`; with its values bound by bind().
constexpr const char* kAsked =
    "(:any = 1 or d.id = :id) and (:all_destinations = '' or d.destination = :destination) and "
    "(:all_studies = '' or d.sop_instance_uid in (select r.sop_instance_uid from study s "
    "join job j on j.study_id = s.id join result r on r.job_id = j.id where s.study_instance_uid = :study) "
    "or d.sop_instance_uid in (select n.sop_instance_uid from instance n "
    "where n.study_instance_uid = :study_of_instance))";

/// One statement that changes the rows that the query asks for. Returns how many.
int change(soci::session& sql, const ReplayQuery& query, const std::string& statement, long long now) {
    const long long any = query.id == 0 ? 1 : 0;
    const long long id = query.id;
    soci::statement update =
        (sql.prepare << statement, soci::use(now, "now"), soci::use(any, "any"), soci::use(id, "id"),
         soci::use(query.destination, "all_destinations"), soci::use(query.destination, "destination"),
         soci::use(query.study_instance_uid, "all_studies"), soci::use(query.study_instance_uid, "study"),
         soci::use(query.study_instance_uid, "study_of_instance"));
    return static_cast<int>(execute_change(update));
}

}  // namespace

Replayed Journal::replay(const ReplayQuery& query, const std::string& by, Time now) {
    return impl_->transact("cannot replay deliveries", [&](soci::session& sql) {
        const long long at = to_database(now);
        Replayed replayed;
        // First what was delivered: what is sent anew is asked for after its delivery.
        replayed.commitments = change(
            sql, query,
            std::string("update commitment_item set state = 'waiting', attempt = 0, next_attempt = :now, "
                        "reason = 0, finished = 0 where state in ('failed', 'uncommitted') and delivery_id "
                        "in (select d.id from delivery d where d.state = 'delivered' and ") +
                kAsked + ")",
            at);
        change(sql, query,
               std::string("update commitment_item set attempt = 0, finished = 0, next_attempt = :now "
                           "where state in ('failed', 'uncommitted') and delivery_id in (select d.id from "
                           "delivery d where d.state in ('dead', 'not_accepted') and ") +
                   kAsked + ")",
               at);
        replayed.deliveries = change(
            sql, query,
            std::string("update delivery set state = 'pending', attempt = 0, next_attempt = :now, owner = "
                        "'', lease_until = 0, finished = 0 where id in (select d.id from delivery d where "
                        "d.state in ('dead', 'not_accepted') and ") +
                kAsked + ")",
            at);
        if (replayed.deliveries + replayed.commitments > 0) {
            add_event(sql, {now, "deliveries_replayed", query.study_instance_uid, 0,
                            std::to_string(replayed.deliveries) + " sent again, " +
                                std::to_string(replayed.commitments) + " asked for again, by " + by});
        }
        return replayed;
    });
}

}  // namespace calcnode::service
