#include "service/replay_command.h"

#include <cstdio>
#include <stdexcept>
#include <vector>

#include <nlohmann/json.hpp>

#include "service/journal.h"
#include "service/rest_json.h"

namespace calcnode::service {

namespace {

constexpr int kPage = 500;
constexpr const char* kBy = "command line";

void check(const config::Config& config, const ReplayOptions& options) {
    const bool selected =
        options.id != 0 || !options.destination.empty() || !options.study_instance_uid.empty();
    if (options.all == selected) {
        throw std::invalid_argument(
            "replay: say which deliveries: --all, or any of --destination NAME, --study UID, --id NUMBER");
    }
    if (!options.destination.empty() && config.destinations.count(options.destination) == 0)
        throw std::invalid_argument("replay: no destination is named \"" + options.destination +
                                    "\" in the configuration");
}

bool is_asked(const DeliveryRow& row, const ReplayOptions& options) {
    return options.id == 0 || row.id == options.id;
}

/// Those in the state, the latest first.
void add_rows(Journal& journal, const ReplayOptions& options, const std::string& state,
              std::vector<DeliveryRow>& rows) {
    DeliveryQuery query{.state = state,
                        .destination = options.destination,
                        .study_instance_uid = options.study_instance_uid,
                        .limit = kPage};
    for (;;) {
        const std::vector<DeliveryRow> page = journal.list_deliveries(query);
        for (const DeliveryRow& row : page) {
            const bool uncommitted = row.commitment == "failed" || row.commitment == "uncommitted";
            if (is_asked(row, options) && (state != "delivered" || uncommitted)) rows.push_back(row);
        }
        if (static_cast<int>(page.size()) < kPage) return;
        query.after = ListCursor{0, page.back().id};
    }
}

void list(Journal& journal, const ReplayOptions& options) {
    std::vector<DeliveryRow> rows;
    for (const char* state : {"dead", "not_accepted", "delivered"})
        add_rows(journal, options, state, rows);
    if (options.json) {
        nlohmann::json body = nlohmann::json::array();
        for (const DeliveryRow& row : rows)
            body.push_back(delivery_json(row));
        std::printf("%s\n", nlohmann::json{{"would_replay", body}}.dump().c_str());
        return;
    }
    for (const DeliveryRow& row : rows) {
        const std::string why = row.state == "delivered" ? "commitment " + row.commitment : row.text;
        std::printf("%lld  %s  %s  %s  %s\n", static_cast<long long>(row.id), row.destination.c_str(),
                    row.state.c_str(), row.sop_instance_uid.c_str(), why.c_str());
    }
    std::printf("%zu would be put back.\n", rows.size());
}

}  // namespace

int run_replay(const config::Config& config, const ReplayOptions& options) {
    check(config, options);
    Journal journal = Journal::open(config::journal_url(config));
    if (options.dry_run) {
        list(journal, options);
        return 0;
    }
    const Replayed replayed =
        journal.replay({options.id, options.destination, options.study_instance_uid}, kBy, now());
    if (options.json) {
        std::printf("%s\n", replayed_json(replayed).dump().c_str());
    } else {
        std::printf("%d deliveries are sent again, %d objects are asked to be committed again.\n",
                    replayed.deliveries, replayed.commitments);
    }
    return 0;
}

}  // namespace calcnode::service
