// The journal's part of receiving and of assembling.
#include <algorithm>
#include <map>
#include <numeric>

#include "service/journal_impl.h"

namespace calcnode::service {

namespace {

struct StudyNews {
    int instances = 0;
    Time first{};
    Time last{};
};

/// True when there was no instance of this UID (or, for a variant, of this UID and digest) and no row of this
/// path.
bool insert_instance(soci::session& sql, const ReceivedInstance& instance, bool variant) {
    const std::string path = instance.path.generic_string();
    const long long bytes = static_cast<long long>(instance.bytes);
    const long long received = to_database(instance.received);
    const int is_variant = variant ? 1 : 0;
    const int analysable = instance.analysable ? 1 : 0;
    const std::string calling = printable(instance.calling_ae_title, 64);
    const std::string called = printable(instance.called_ae_title, 64);
    const std::string peer = printable(instance.peer, 64);
    const std::string destinations = encode_names(instance.destinations);
    const std::string header = encode_header(instance.header);
    long long id = 0;
    sql << "insert into instance (sop_instance_uid, sop_class_uid, study_instance_uid, path, digest, bytes, "
           "variant, "
           "analysable, calling_ae_title, called_ae_title, peer, destinations, header, received) "
           "values (:sop, :class, :study, :path, :digest, :bytes, :variant, :analysable, :calling, :called, "
           ":peer, "
           ":destinations, :header, :received) on conflict do nothing returning id",
        soci::use(instance.header.sop_instance_uid), soci::use(instance.header.sop_class_uid),
        soci::use(instance.header.study_instance_uid), soci::use(path), soci::use(instance.digest),
        soci::use(bytes), soci::use(is_variant), soci::use(analysable), soci::use(calling), soci::use(called),
        soci::use(peer), soci::use(destinations), soci::use(header), soci::use(received), soci::into(id);
    return sql.got_data();
}

/// What the rows that are there already make of the instance; nothing: neither its file nor its bytes are
/// known.
std::optional<Acceptance> known_as(soci::session& sql, const ReceivedInstance& instance) {
    std::string path;
    std::string digest;
    int variant = 0;
    soci::statement rows = (sql.prepare << "select path, digest, variant from instance "
                                           "where sop_instance_uid = :sop",
                            soci::use(instance.header.sop_instance_uid), soci::into(path), soci::into(digest),
                            soci::into(variant));
    rows.execute();
    std::optional<Acceptance> known;
    while (rows.fetch()) {
        // The same file: recorded before the connection broke, or adopted by another process in the meantime.
        if (path == instance.path.generic_string())
            return variant ? Acceptance::differing : Acceptance::recorded;
        if (digest == instance.digest) known = Acceptance::repeated;
    }
    return known;
}

/// `is_new`: the transaction has to act upon it.
Acceptance record_one(soci::session& sql, const ReceivedInstance& instance, bool& is_new) {
    is_new = insert_instance(sql, instance, false);
    if (is_new) return Acceptance::recorded;
    if (const auto known = known_as(sql, instance)) return *known;
    if (insert_instance(sql, instance, true)) return Acceptance::differing;
    // Another transaction was first with the same variant.
    if (const auto known = known_as(sql, instance)) return *known;
    throw JournalError("the journal holds another instance under the path " + instance.path.generic_string());
}

void open_study(soci::session& sql, const std::string& study_instance_uid, const StudyNews& news) {
    const long long first = to_database(news.first);
    const long long last = to_database(news.last);
    sql << "insert into study (study_instance_uid, revision, generation, open, first_received, "
           "last_received) "
           "values (:uid, :revision, 0, 1, :first, :last) "
           "on conflict (study_instance_uid) do update set revision = study.revision + excluded.revision, "
           "open = 1, "
           "first_received = case when study.open = 1 and study.first_received < excluded.first_received "
           "then study.first_received else excluded.first_received end, "
           "last_received = case when study.open = 1 and study.last_received > excluded.last_received "
           "then study.last_received else excluded.last_received end",
        soci::use(study_instance_uid), soci::use(news.instances), soci::use(first), soci::use(last);
}

void forward(soci::session& sql, const ReceivedInstance& instance) {
    const ObjectToDeliver object{instance.path.generic_string(), instance.header.sop_class_uid,
                                 instance.header.sop_instance_uid, instance.header.transfer_syntax_uid};
    for (const std::string& destination : instance.destinations)
        queue_delivery(sql, object, destination, instance.received);
}

std::vector<Acceptance> record_all(soci::session& sql, std::span<const ReceivedInstance> instances) {
    // Every transaction takes its row locks in the same order: instances by UID, then studies by UID.
    std::vector<std::size_t> order(instances.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return instances[a].header.sop_instance_uid < instances[b].header.sop_instance_uid;
    });

    std::vector<Acceptance> acceptances(instances.size());
    std::map<std::string, StudyNews> studies;
    for (const std::size_t index : order) {
        const ReceivedInstance& instance = instances[index];
        bool is_new = false;
        acceptances[index] = record_one(sql, instance, is_new);
        if (!is_new) continue;
        if (!instance.analysable) {
            forward(sql, instance);
            continue;
        }
        StudyNews& news = studies[instance.header.study_instance_uid];
        news.first = news.instances == 0 ? instance.received : std::min(news.first, instance.received);
        news.last = std::max(news.last, instance.received);
        ++news.instances;
    }
    for (const auto& [uid, news] : studies)
        open_study(sql, uid, news);
    return acceptances;
}

}  // namespace

std::vector<Acceptance> Journal::record(std::span<const ReceivedInstance> instances) {
    return impl_->transact("cannot record instances",
                           [&](soci::session& sql) { return record_all(sql, instances); });
}

std::vector<std::filesystem::path> Journal::known_paths() {
    return impl_->read("cannot list the known files", [&](soci::session& sql) {
        std::vector<std::filesystem::path> paths;
        std::string path;
        soci::statement rows =
            (sql.prepare << "select path from instance union select path from result", soci::into(path));
        rows.execute();
        while (rows.fetch())
            paths.emplace_back(path);
        return paths;
    });
}

std::vector<OpenStudy> Journal::open_studies() {
    // One select, and so one view of studies and instances: a revision never claims an instance that is not
    // listed.
    return impl_->read("cannot read the open studies", [&](soci::session& sql) {
        std::vector<OpenStudy> studies;
        long long study_id = 0, revision = 0, first = 0, last = 0, id = 0, bytes = 0, received = 0;
        int generation = 0;
        std::string uid, path, digest, calling, called, peer, destinations, header;
        soci::statement rows =
            (sql.prepare << "select s.id, s.study_instance_uid, s.revision, s.generation, s.first_received, "
                            "s.last_received, i.id, i.path, i.digest, i.bytes, i.calling_ae_title, "
                            "i.called_ae_title, i.peer, i.destinations, i.header, i.received "
                            "from study s join instance i on i.study_instance_uid = s.study_instance_uid "
                            "where s.open = 1 and i.variant = 0 and i.analysable = 1 order by s.id, i.id",
             soci::into(study_id), soci::into(uid), soci::into(revision), soci::into(generation),
             soci::into(first), soci::into(last), soci::into(id), soci::into(path), soci::into(digest),
             soci::into(bytes), soci::into(calling), soci::into(called), soci::into(peer),
             soci::into(destinations), soci::into(header), soci::into(received));
        rows.execute();
        while (rows.fetch()) {
            if (studies.empty() || studies.back().id != study_id)
                studies.push_back(
                    {study_id, uid, revision, generation, from_database(first), from_database(last), {}});
            StoredInstance stored;
            stored.id = id;
            stored.instance = {path,
                               decode_header(header),
                               static_cast<std::uint64_t>(bytes),
                               digest,
                               calling,
                               called,
                               peer,
                               decode_names(destinations),
                               true,
                               from_database(received)};
            studies.back().instances.push_back(std::move(stored));
        }
        return studies;
    });
}

bool Journal::close_study(const OpenStudy& study, const std::vector<JobImage>& images,
                          const std::vector<std::string>& destinations, const std::string& reason, Time now) {
    return impl_->transact("cannot close a study", [&](soci::session& sql) {
        const long long id = study.id;
        const long long revision = study.revision;
        const long long at = to_database(now);
        int generation = 0;
        // The row lock decides between processes; a recording that came first has moved the revision on.
        sql << "update study set open = 0, generation = generation + 1 "
               "where id = :id and revision = :revision and open = 1 returning generation",
            soci::use(id), soci::use(revision), soci::into(generation);
        if (!sql.got_data()) return false;

        sql << "update job set state = 'superseded', finished = :at where study_id = :id and state = "
               "'queued'",
            soci::use(at), soci::use(id);
        const std::string image_list = encode_images(images);
        const std::string names = encode_names(destinations);
        const std::string why = printable(reason, 200);
        long long job = 0;
        sql << "insert into job (study_id, generation, state, attempt, owner, lease_until, images, "
               "destinations, "
               "reason, failed, summary, created, started, finished) values (:study, :generation, 'queued', "
               "0, '', 0, "
               ":images, :destinations, :reason, 0, '', :created, 0, 0) returning id",
            soci::use(id), soci::use(generation), soci::use(image_list), soci::use(names), soci::use(why),
            soci::use(at), soci::into(job);
        add_event(sql, {now, "study_closed", study.study_instance_uid, job, why});
        return true;
    });
}

}  // namespace calcnode::service
