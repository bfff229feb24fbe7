#include "service/assembly.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace calcnode::service {

namespace {

using dicom::InstanceHeader;
using pipeline::Intent;
using pipeline::Laterality;
using pipeline::View;

/// An image of a kind that we never analyse: one-line reason; empty for an ordinary exposure.
std::string unsuitable(const InstanceHeader& header) {
    if (header.quality_control) return "quality control image";
    if (header.tomosynthesis) return "tomosynthesis or synthetic image";
    if (header.specimen || header.view == View::specimen) return "specimen";
    if (header.magnification) return "magnification view";
    if (header.spot_compression) return "spot compression view";
    return "";
}

std::string implant_reason(const InstanceHeader& header, config::ImplantPolicy policy) {
    const bool implant = header.implant_present || header.implant_displaced;
    if (!implant || policy == config::ImplantPolicy::analyse) return "";
    if (policy == config::ImplantPolicy::skip) return "breast implant";
    return header.implant_displaced ? "" : "breast implant, not displaced";
}

/// A required view has arrived when an ordinary exposure of it is here. A magnification, a specimen, a
/// synthetic image of the view is no substitute: the exposure itself may still come. One that is skipped for
/// an implant has arrived, unless the policy waits for its implant-displaced sister.
bool counts_as_arrived(const InstanceHeader& header, config::ImplantPolicy policy) {
    if (!unsuitable(header).empty()) return false;
    return policy != config::ImplantPolicy::displaced_only || implant_reason(header, policy).empty();
}

struct Candidate {
    const StoredInstance* stored;
    std::string reason;  // not to be analysed, why
    bool paired = false;

    const InstanceHeader& header() const { return stored->instance.header; }
    bool open(Intent intent) const { return reason.empty() && !paired && header().intent == intent; }
};

bool in_order(const StoredInstance* a, const StoredInstance* b) {
    const auto key = [](const StoredInstance* stored) {
        const InstanceHeader& h = stored->instance.header;
        return std::tie(h.laterality, h.view, h.content_datetime, h.sop_instance_uid);
    };
    return key(a) < key(b);
}

Intent intent_of(config::Intent intent) {
    return intent == config::Intent::presentation ? Intent::presentation : Intent::processing;
}

std::string pair_reason(Intent preferred) {
    return preferred == Intent::presentation ? "its For Presentation image is analysed instead"
                                             : "its For Processing image is analysed instead";
}

bool names_as_source(const InstanceHeader& image, const InstanceHeader& source) {
    const auto& uids = image.source_instance_uids;
    return std::find(uids.begin(), uids.end(), source.sop_instance_uid) != uids.end();
}

/// Pairs that say so themselves: one half names the other in its Source Image Sequence (PS3.3 C.7.6.1.1.4).
/// One exposure may have several renderings.
void drop_linked_halves(std::vector<Candidate>& candidates, Intent preferred) {
    std::vector<std::pair<Candidate*, Candidate*>> pairs;  // preferred half, other half
    for (Candidate& kept : candidates)
        for (Candidate& other : candidates)
            if (kept.open(preferred) && other.reason.empty() && other.header().intent != preferred &&
                (names_as_source(kept.header(), other.header()) ||
                 names_as_source(other.header(), kept.header())))
                pairs.emplace_back(&kept, &other);
    for (const auto& [kept, other] : pairs) {
        kept->paired = true;
        other->paired = true;
        other->reason = pair_reason(preferred);
    }
}

/// Pairs that only look alike: same breast, view and implant displacement in both intents. An image that
/// names a source which is not here belongs to another exposure. Where exposures of a view outnumber their
/// preferred halves nobody can tell which of them has none: then all are analysed, because to miss one is
/// worse than to analyse one twice.
void drop_matching_halves(std::vector<Candidate>& candidates, Intent preferred) {
    using Key = std::tuple<Laterality, View, bool>;
    std::map<Key, std::pair<int, std::vector<Candidate*>>> groups;  // preferred ones, the others
    for (Candidate& candidate : candidates) {
        const InstanceHeader& h = candidate.header();
        if (!candidate.reason.empty() || candidate.paired || !h.source_instance_uids.empty()) continue;
        if (h.laterality == Laterality::unknown || h.view == View::unknown) continue;
        auto& [preferred_ones, others] = groups[{h.laterality, h.view, h.implant_displaced}];
        if (h.intent == preferred)
            ++preferred_ones;
        else
            others.push_back(&candidate);
    }
    for (auto& [key, group] : groups) {
        auto& [preferred_ones, others] = group;
        if (preferred_ones < static_cast<int>(others.size())) continue;
        for (Candidate* other : others)
            other->reason = pair_reason(preferred);
    }
}

}  // namespace

const char* to_string(CloseReason reason) {
    switch (reason) {
        case CloseReason::complete:
            return "complete";
        case CloseReason::quiet:
            return "quiet";
        case CloseReason::too_old:
            return "too old";
    }
    return "unknown";
}

std::string view_name(const InstanceHeader& header) {
    static constexpr const char* kSides[] = {"?", "L", "R", "B"};
    static constexpr const char* kViews[] = {"?",    "CC",   "MLO", "ML",  "LM",  "LMO",
                                             "XCCL", "XCCM", "FB",  "SIO", "ISO", "SPECIMEN"};
    return std::string(kSides[static_cast<int>(header.laterality)]) + "-" +
           kViews[static_cast<int>(header.view)];
}

std::vector<std::string> missing_views(const std::vector<StoredInstance>& instances,
                                       const config::Assembly& rules) {
    std::set<std::string> arrived;
    for (const StoredInstance& stored : instances)
        if (counts_as_arrived(stored.instance.header, rules.implants))
            arrived.insert(view_name(stored.instance.header));
    std::vector<std::string> missing;
    for (const std::string& view : rules.required_views)
        if (arrived.count(view) == 0) missing.push_back(view);
    return missing;
}

AssemblyDecision decide(const OpenStudy& study, Time now, const config::Assembly& rules) {
    const Time quiet = study.last_received + rules.quiet;
    const Time too_old = study.first_received + rules.max_age;
    Time look_again = std::min(quiet, too_old);
    if (missing_views(study.instances, rules).empty()) {
        const Time settled = study.last_received + rules.settle;
        if (now >= settled) return {CloseReason::complete, now};
        look_again = std::min(look_again, settled);
    }
    if (now >= quiet) return {CloseReason::quiet, now};
    if (now >= too_old) return {CloseReason::too_old, now};
    return {std::nullopt, look_again};
}

std::vector<JobImage> select_images(const OpenStudy& study, const config::Assembly& rules) {
    std::vector<const StoredInstance*> ordered;
    for (const StoredInstance& stored : study.instances)
        ordered.push_back(&stored);
    std::sort(ordered.begin(), ordered.end(), in_order);

    std::vector<Candidate> candidates;
    for (const StoredInstance* stored : ordered) {
        const InstanceHeader& header = stored->instance.header;
        std::string reason = unsuitable(header);
        if (reason.empty()) reason = implant_reason(header, rules.implants);
        candidates.push_back({stored, std::move(reason)});
    }
    const Intent preferred = intent_of(rules.preferred_intent);
    drop_linked_halves(candidates, preferred);
    drop_matching_halves(candidates, preferred);

    std::vector<JobImage> images;
    for (Candidate& candidate : candidates)
        images.push_back({candidate.stored->id, candidate.stored->instance.path,
                          candidate.header().sop_instance_uid, candidate.reason.empty(),
                          std::move(candidate.reason)});
    return images;
}

std::vector<std::string> study_destinations(const OpenStudy& study) {
    std::vector<std::string> destinations;
    for (const StoredInstance& stored : study.instances)
        for (const std::string& destination : stored.instance.destinations)
            if (std::find(destinations.begin(), destinations.end(), destination) == destinations.end())
                destinations.push_back(destination);
    return destinations;
}

}  // namespace calcnode::service
