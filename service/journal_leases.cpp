// The journal's part of starting again: leases whose holders are gone.
#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

std::vector<std::string> lease_holders(soci::session& sql) {
    std::vector<std::string> owners;
    std::string owner;
    soci::statement rows =
        (sql.prepare << "select owner from job where state = 'running' "
                        "union select owner from delivery where state = 'pending' "
                        "union select owner from commitment_report where state = 'pending'",
         soci::into(owner));
    rows.execute();
    while (rows.fetch())
        if (!owner.empty()) owners.push_back(owner);
    return owners;
}

int give_back(soci::session& sql, const std::string& owner) {
    int released = 0;
    for (const char* statement :
         {"update job set state = 'queued', owner = '', lease_until = 0 where owner = :owner and state = "
          "'running'",
          "update delivery set owner = '', lease_until = 0 where owner = :owner and state = 'pending'",
          "update commitment_report set owner = '', lease_until = 0 where owner = :owner and state = "
          "'pending'"}) {
        soci::statement update = (sql.prepare << statement, soci::use(owner));
        released += static_cast<int>(execute_change(update));
    }
    return released;
}

}  // namespace

int Journal::release_leases(const std::function<bool(const std::string& owner)>& is_gone) {
    std::vector<std::string> owners = impl_->read("cannot read the holders of leases",
                                                  [](soci::session& sql) { return lease_holders(sql); });
    std::erase_if(owners, [&](const std::string& owner) { return !is_gone(owner); });
    if (owners.empty()) return 0;
    return impl_->transact("cannot release leases", [&](soci::session& sql) {
        int released = 0;
        for (const std::string& owner : owners)
            released += give_back(sql, owner);
        return released;
    });
}

}  // namespace calcnode::service
