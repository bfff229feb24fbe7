#include "service/result_plan.h"

#include <algorithm>
#include <map>
#include <stdexcept>

#include "dicom/uid.h"

namespace calcnode::service {

namespace {

struct Profile {
    dicom::CodeScheme code_scheme = dicom::CodeScheme::sct;
    dicom::ResultKinds kinds;
};

Profile profile_of(const config::Config& config, const std::string& name) {
    const auto found = config.destinations.find(name);
    const config::Destination& destination =
        found == config.destinations.end() ? config::Destination{} : found->second;
    Profile profile;
    profile.code_scheme = destination.code_scheme == "srt" ? dicom::CodeScheme::srt : dicom::CodeScheme::sct;
    for (const std::string& word : destination.results) {
        const auto kind = dicom::result_kind_of(word);
        if (!kind) throw std::logic_error("the configuration let pass a kind of result: " + word);
        profile.kinds.insert(*kind);
    }
    return profile;
}

}  // namespace

std::vector<ResultSet> plan_results(const config::Config& config,
                                    const std::vector<std::string>& destinations) {
    std::map<dicom::CodeScheme, dicom::ResultKinds> plan;
    const std::vector<std::string> nowhere{""};
    for (const std::string& name : destinations.empty() ? nowhere : destinations) {
        const Profile profile = profile_of(config, name);
        plan[profile.code_scheme].insert(profile.kinds.begin(), profile.kinds.end());
    }
    std::vector<ResultSet> sets;
    for (auto& [scheme, kinds] : plan) {
        kinds.insert(dicom::ResultKind::cad_sr);
        sets.push_back({scheme, kinds});
    }
    return sets;
}

dicom::ResultKinds all_kinds(const std::vector<ResultSet>& plan) {
    dicom::ResultKinds kinds;
    for (const ResultSet& set : plan)
        kinds.insert(set.kinds.begin(), set.kinds.end());
    return kinds;
}

std::vector<std::string> wanting_destinations(const config::Config& config,
                                              const std::vector<std::string>& destinations,
                                              const dicom::ResultObject& object) {
    std::vector<std::string> wanting;
    std::copy_if(destinations.begin(), destinations.end(), std::back_inserter(wanting),
                 [&](const std::string& name) {
                     const Profile profile = profile_of(config, name);
                     return profile.code_scheme == object.code_scheme && profile.kinds.contains(object.kind);
                 });
    return wanting;
}

std::vector<std::string> transfer_syntaxes_of(const config::Destination& destination) {
    const std::map<std::string, std::string> uids{{"explicit_le", dicom::kExplicitLittleEndian},
                                                  {"implicit_le", dicom::kImplicitLittleEndian},
                                                  {"deflated", dicom::kDeflatedLittleEndian}};
    std::vector<std::string> syntaxes;
    for (const std::string& word : destination.transfer_syntaxes)
        syntaxes.push_back(uids.at(word));
    return syntaxes;
}

}  // namespace calcnode::service
