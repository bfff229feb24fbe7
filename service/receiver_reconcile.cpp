// At start: the spool against the journal.
#include <set>
#include <string>

#include "dicom/error.h"
#include "service/log.h"
#include "service/receiver.h"
#include "service/receiver_examine.h"
#include "service/receiver_meta.h"

namespace calcnode::service {

namespace {

namespace fs = std::filesystem;

void drop(const Spool& spool, const fs::path& path, const std::string& reason) {
    spool.remove(path);
    log_warn("spool_file_removed", {{"path", path.string()}, {"reason", reason}});
}

/// Durable, but nobody was told so: either is right, to keep it or to drop it. What is readable is kept.
bool adopt(const config::Config& config, const Spool& spool, JournalWriter& journal, const fs::path& path) {
    // Held: another process is about to record it or to remove it.
    const auto lock = spool.try_lock(path);
    if (!lock) return false;
    const auto stored = read_file_meta(spool.absolute(path));
    if (!stored) {
        drop(spool, path, "no file meta information of ours");
        return false;
    }
    Examination examination = examine(config, spool.absolute(path), stored->meta);
    if (examination.refusal) {
        drop(spool, path, examination.refusal->comment);
        return false;
    }
    ReceivedInstance& instance = examination.instance;
    instance.path = path;
    instance.bytes = fs::file_size(spool.absolute(path));
    instance.digest = spool.digest(path, stored->length);
    if (journal.record(instance) == Acceptance::repeated) {
        drop(spool, path, "the journal has the same instance in another file");
        return false;
    }
    log_info("instance_adopted", {{"path", path.string()},
                                  {"study_instance_uid", instance.header.study_instance_uid},
                                  {"sop_instance_uid", instance.header.sop_instance_uid}});
    return true;
}

}  // namespace

int reconcile_spool(const config::Config& config, const Spool& spool, JournalWriter& journal) {
    const int parts = spool.remove_abandoned_parts();
    if (parts > 0) log_info("spool_parts_removed", {{"count", parts}});

    const std::vector<fs::path> files = spool.instance_files();
    const std::vector<fs::path> known_paths = Journal::open(config::journal_url(config)).known_paths();
    const std::set<fs::path> known(known_paths.begin(), known_paths.end());
    int adopted = 0;
    for (const fs::path& file : files) {
        if (known.count(file) != 0) continue;
        try {
            if (adopt(config, spool, journal, file)) ++adopted;
        } catch (const dicom::Error& error) {
            // One file that the disk does not give back must not keep the node from starting.
            log_error("spool_file_unreadable", {{"path", file.string()}, {"error", error.what()}});
        }
    }
    for (const fs::path& path : known)
        if (!fs::exists(spool.absolute(path))) log_error("spool_file_missing", {{"path", path.string()}});
    return adopted;
}

}  // namespace calcnode::service
