#include "service/lab_strata.h"

#include <map>

namespace calcnode::service {

namespace {

constexpr const char* kReference = "reference";

using Places = std::vector<std::size_t>;  // indices of images

std::vector<pipeline::ImageCounts> at(const std::vector<pipeline::ImageCounts>& images,
                                      const Places& places) {
    std::vector<pipeline::ImageCounts> chosen;
    for (const std::size_t place : places) {
        chosen.push_back(images[place]);
        chosen.back().grain_marks.clear();
    }
    return chosen;
}

Stratum stratum_of(const std::string& value, const Places& places, const Places& reference,
                   std::span<const MethodImages> methods) {
    Stratum row{.value = value.empty() ? "(none)" : value, .images = static_cast<int>(places.size())};
    for (const MethodImages& method : methods) {
        const auto images = at(method.images, places);
        const pipeline::SummaryOptions options{.threshold = method.threshold};
        row.methods.push_back(pipeline::summarise_clusters(images, options));
        row.normal_images = row.methods.back().normal_images;
        if (reference.empty() || reference == places) continue;
        row.less_reference.push_back(
            pipeline::sensitivity_difference(images, at(method.images, reference), options));
    }
    return row;
}

}  // namespace

std::vector<StrataTable> strata_of(std::span<const Traits> traits, std::span<const MethodImages> methods) {
    std::vector<StrataTable> tables;
    for (std::size_t k = 0; k < std::size(kStrataNames); ++k) {
        std::map<std::string, Places> values;
        for (std::size_t i = 0; i < traits.size(); ++i)
            values[traits[i][k]].push_back(i);
        if (values.size() < 2) continue;
        Places reference;
        if (std::string(kStrataNames[k]) == "condition")
            reference = values[values.contains(kReference) ? kReference : ""];
        std::erase_if(values, [](const auto& value) { return value.second.empty(); });
        StrataTable table{.name = kStrataNames[k], .rows = {}};
        for (const auto& [value, places] : values)
            table.rows.push_back(stratum_of(value, places, reference, methods));
        tables.push_back(std::move(table));
    }
    return tables;
}

}  // namespace calcnode::service
