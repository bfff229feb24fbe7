// What journal_*.cpp share: the connection, and how a transaction is run on it. Private to the journal.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <soci/soci.h>

#include "service/journal.h"
#include "service/journal_dialect.h"
#include "service/journal_values.h"

namespace calcnode::service {

struct Journal::Impl {
    JournalAddress address;
    std::unique_ptr<soci::session> session;  // null after a loss: the next call connects again

    /// Runs `body` in one transaction; when it throws nothing has happened. After a lost connection, a
    /// deadlock or the like it is run again on a new connection, as long as the commit had not begun. `doing`
    /// begins the error's text.
    template <typename Body>
    auto transact(const char* doing, Body body) {
        return with_result(body, [&](const Statements& statements) { run(doing, statements); });
    }

    /// The same for a single select: no transaction, and so no write lock.
    template <typename Body>
    auto read(const char* doing, Body body) {
        return with_result(body, [&](const Statements& statements) { run_select(doing, statements); });
    }

  private:
    using Statements = std::function<void(soci::session&)>;

    template <typename Body, typename Run>
    static auto with_result(Body& body, Run run_it) {
        using Result = std::invoke_result_t<Body, soci::session&>;
        if constexpr (std::is_void_v<Result>) {
            run_it(body);
        } else {
            Result result{};
            run_it([&](soci::session& sql) { result = body(sql); });
            return result;
        }
    }

    void run(const char* doing, const Statements& body);
    void run_select(const char* doing, const Statements& body);
    soci::session& connected();
    void abandon();
    JournalError explained(const char* doing, const soci::soci_error& error, bool outcome_unknown) const;
};

/// Rows that the prepared statement has changed.
long long execute_change(soci::statement& statement);

void add_event(soci::session& sql, const JournalEvent& event);

/// Counts deliveries under the state's name.
void add_count(DeliveryCounts& counts, const std::string& state, std::int64_t count);

struct ObjectToDeliver {
    std::string path;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string transfer_syntax_uid;
};

/// One delivery of the object; none when the destination has it or will get it. One that was given up or not
/// accepted starts anew.
void queue_delivery(soci::session& sql, const ObjectToDeliver& object, const std::string& destination,
                    Time now);

/// Storage commitment's part in the end of a delivery: a delivered object is to be asked for when `ask`; one
/// that was to be sent again and could not be is given up.
void follow_delivered(soci::session& sql, std::int64_t delivery, bool ask, Time now);
void follow_dead(soci::session& sql, std::int64_t delivery, Time now);

}  // namespace calcnode::service
