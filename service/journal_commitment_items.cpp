#include "service/journal_commitments.h"

namespace calcnode::service {

std::vector<CommitmentItem> read_items(soci::statement& rows, CommitmentItem& item) {
    std::vector<CommitmentItem> items;
    rows.execute();
    while (rows.fetch())
        items.push_back(item);
    return items;
}

std::vector<CommitmentItem> items_asked(soci::session& sql, long long commitment) {
    CommitmentItem item;
    soci::statement rows =
        (sql.prepare
             << "select id, delivery_id, sop_class_uid, sop_instance_uid, attempt "
                "from commitment_item where commitment_id = :commitment and state = 'asked' order by id",
         soci::use(commitment), soci::into(item.id), soci::into(item.delivery),
         soci::into(item.reference.sop_class_uid), soci::into(item.reference.sop_instance_uid),
         soci::into(item.attempt));
    return read_items(rows, item);
}

void set_item(soci::session& sql, const CommitmentItem& item, const CommitmentItemState& state) {
    const long long at = to_database(state.at);
    sql << "update commitment_item set state = :state, reason = :reason, next_attempt = :next where id = :id",
        soci::use(state.state), soci::use(state.reason), soci::use(at), soci::use(item.id);
}

void give_up(soci::session& sql, const CommitmentItem& item, const CommitmentItemState& state) {
    const long long at = to_database(state.at);
    sql << "update commitment_item set state = :state, reason = :reason, finished = :at where id = :id",
        soci::use(state.state), soci::use(state.reason), soci::use(at), soci::use(item.id);
    add_event(sql, {state.at, "uncommitted", "", 0, item.reference.sop_instance_uid});
}

void ask_again(soci::session& sql, const CommitmentItem& item, const CommitmentStep& step) {
    if (item.attempt >= step.limits.attempts) {
        give_up(sql, item, {"uncommitted", 0, step.now});
        ++step.changes.given_up;
    } else {
        set_item(sql, item, {"waiting", 0, step.limits.next});
        ++step.changes.asked_again;
    }
}

void end_commitment(soci::session& sql, long long commitment, const CommitmentEnd& end, Time now) {
    const long long at = to_database(now);
    const std::string text = printable(end.text, 500);
    sql << "update commitment set state = :state, text = :text, finished = :at where id = :id",
        soci::use(end.state), soci::use(text), soci::use(at), soci::use(commitment);
}

}  // namespace calcnode::service
