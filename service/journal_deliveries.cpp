// The journal's part of delivering: one row for each object and destination, under a lease while it is being
// sent.
#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

/// A look without any lock: senders ask every second, and on SQLite each transaction shuts the others out.
bool any_due(soci::session& sql, const std::string& destination, Time now) {
    const long long at = to_database(now);
    int count = 0;
    sql << "select count(*) from delivery where state = 'pending' and destination = :destination "
           "and next_attempt <= :now and lease_until <= :lease",
        soci::use(destination, "destination"), soci::use(at, "now"), soci::use(at, "lease"),
        soci::into(count);
    return count > 0;
}

std::vector<PendingDelivery> lock_due(soci::session& sql, Dialect dialect, const std::string& destination,
                                      long long now, int limit) {
    std::vector<PendingDelivery> due;
    PendingDelivery delivery;
    long long id = 0;
    std::string path;
    soci::statement rows =
        (sql.prepare
             << "select d.id, d.path, d.sop_class_uid, d.sop_instance_uid, d.transfer_syntax_uid, d.attempt "
                "from delivery d where d.state = 'pending' and d.destination = :destination "
                "and d.next_attempt <= :now and d.lease_until <= :lease order by d.id limit :limit" +
                    skip_locked(dialect, "d"),
         soci::use(destination, "destination"), soci::use(now, "now"), soci::use(now, "lease"),
         soci::use(limit, "limit"), soci::into(id), soci::into(path), soci::into(delivery.sop_class_uid),
         soci::into(delivery.sop_instance_uid), soci::into(delivery.transfer_syntax_uid),
         soci::into(delivery.attempt));
    rows.execute();
    while (rows.fetch()) {
        due.push_back(delivery);
        due.back().id = id;
        due.back().path = path;
        due.back().destination = destination;
    }
    return due;
}

/// False when it was delivered already.
bool mark_delivered(soci::session& sql, long long id, long long now, const std::string& text) {
    soci::statement update = (sql.prepare << "update delivery set state = 'delivered', owner = '', "
                                             "lease_until = 0, text = :text, finished = "
                                             ":now "
                                             "where id = :id and state <> 'delivered'",
                              soci::use(text), soci::use(now), soci::use(id));
    return execute_change(update) == 1;
}

std::string state_name(DeliveryOutcome::State state) {
    switch (state) {
        case DeliveryOutcome::State::delivered:
            return "delivered";
        case DeliveryOutcome::State::retry:
            return "pending";
        case DeliveryOutcome::State::not_accepted:
            return "not_accepted";
        case DeliveryOutcome::State::dead:
            break;
    }
    return "dead";
}

}  // namespace

void queue_delivery(soci::session& sql, const ObjectToDeliver& object, const std::string& destination,
                    Time now) {
    const long long at = to_database(now);
    sql << "insert into delivery (destination, path, sop_class_uid, sop_instance_uid, transfer_syntax_uid, "
           "state, "
           "attempt, next_attempt, owner, lease_until, text, created, finished) "
           "values (:destination, :path, :class, :sop, :syntax, 'pending', 0, :next, '', 0, '', :created, 0) "
           "on conflict (sop_instance_uid, destination) do update set state = 'pending', attempt = 0, "
           "next_attempt = excluded.next_attempt, path = excluded.path, "
           "transfer_syntax_uid = excluded.transfer_syntax_uid, finished = 0 "
           "where delivery.state in ('dead', 'not_accepted')",
        soci::use(destination), soci::use(object.path), soci::use(object.sop_class_uid),
        soci::use(object.sop_instance_uid), soci::use(object.transfer_syntax_uid), soci::use(at),
        soci::use(at);
}

std::vector<std::string> Journal::due_destinations(Time now) {
    return impl_->read("cannot read the due deliveries", [&](soci::session& sql) {
        std::vector<std::string> destinations;
        std::string destination;
        const long long at = to_database(now);
        soci::statement rows =
            (sql.prepare << "select distinct destination from delivery where state = 'pending' "
                            "and next_attempt <= :now and lease_until <= :lease order by destination",
             soci::use(at, "now"), soci::use(at, "lease"), soci::into(destination));
        rows.execute();
        while (rows.fetch())
            destinations.push_back(destination);
        return destinations;
    });
}

std::optional<Time> Journal::next_delivery_due() {
    return impl_->read("cannot read the next delivery", [&](soci::session& sql) -> std::optional<Time> {
        long long count = 0;
        long long due = 0;
        sql << "select count(*), coalesce(min(case when lease_until > next_attempt then lease_until "
               "else next_attempt end), 0) from delivery where state = 'pending'",
            soci::into(count), soci::into(due);
        if (count == 0) return std::nullopt;
        return from_database(due);
    });
}

std::vector<PendingDelivery> Journal::claim_deliveries(const std::string& destination,
                                                       const std::string& owner, Time now, Duration lease,
                                                       int limit) {
    const Dialect dialect = impl_->address.dialect;
    if (!impl_->read("cannot look for deliveries",
                     [&](soci::session& sql) { return any_due(sql, destination, now); }))
        return {};
    return impl_->transact("cannot claim deliveries", [&](soci::session& sql) {
        std::vector<PendingDelivery> claimed = lock_due(sql, dialect, destination, to_database(now), limit);
        const long long until = to_database(now + lease);
        for (PendingDelivery& delivery : claimed) {
            ++delivery.attempt;
            const long long id = delivery.id;
            sql << "update delivery set owner = :owner, lease_until = :until, attempt = :attempt where id = "
                   ":id",
                soci::use(owner), soci::use(until), soci::use(delivery.attempt), soci::use(id);
        }
        return claimed;
    });
}

void Journal::finish_delivery(const PendingDelivery& delivery, const std::string& owner,
                              const DeliveryOutcome& outcome, Time now) {
    impl_->transact("cannot finish a delivery", [&](soci::session& sql) {
        using State = DeliveryOutcome::State;
        const long long id = delivery.id;
        const long long at = to_database(now);
        const std::string text = printable(outcome.text, 500);
        // Delivered is a fact, whoever holds the lease by now; what failed is the present holder's to judge.
        if (outcome.state == State::delivered) {
            if (mark_delivered(sql, id, at, text)) follow_delivered(sql, id, outcome.ask_commitment, now);
            return;
        }
        const bool ended = outcome.state != State::retry;
        const std::string state = state_name(outcome.state);
        const long long next = ended ? 0 : to_database(outcome.next_attempt);
        const long long finished = ended ? at : 0;
        soci::statement update =
            (sql.prepare << "update delivery set state = :state, owner = '', lease_until = 0, "
                            "next_attempt = :next, text = :text, finished = :finished "
                            "where id = :id and owner = :owner and state = 'pending'",
             soci::use(state), soci::use(next), soci::use(text), soci::use(finished), soci::use(id),
             soci::use(owner));
        if (execute_change(update) == 1 && ended) {
            follow_dead(sql, id, now);
            add_event(sql, {now, "delivery_" + state, "", 0,
                            delivery.sop_instance_uid + " to " + delivery.destination + ": " + text});
        }
    });
}

void Journal::renew_deliveries(const std::string& owner, Time now, Duration lease) {
    impl_->transact("cannot renew the leases of deliveries", [&](soci::session& sql) {
        const long long until = to_database(now + lease);
        sql << "update delivery set lease_until = :until where owner = :owner and state = 'pending'",
            soci::use(until), soci::use(owner);
    });
}

int Journal::hasten_deliveries(const std::string& destination, Time now) {
    return impl_->transact("cannot hasten deliveries", [&](soci::session& sql) {
        const long long at = to_database(now);
        soci::statement update =
            (sql.prepare << "update delivery set next_attempt = :now where state = 'pending' and "
                            "destination = :destination and next_attempt > :later",
             soci::use(at, "now"), soci::use(destination, "destination"), soci::use(at, "later"));
        return static_cast<int>(execute_change(update));
    });
}

int Journal::release_deliveries(const std::string& owner) {
    return impl_->transact("cannot release deliveries", [&](soci::session& sql) {
        soci::statement update = (sql.prepare << "update delivery set owner = '', lease_until = 0 "
                                                 "where owner = :owner and state = 'pending'",
                                  soci::use(owner));
        return static_cast<int>(execute_change(update));
    });
}

}  // namespace calcnode::service
