#include "dicom/concept.h"

#include <utility>

#include "dicom/error.h"

namespace calcnode::dicom {

Concept::Concept(Code code) : code_(std::move(code)) {
    if (is_snomed_ct(code_.scheme) || is_snomed_rt(code_.scheme))
        throw Error(ErrorCode::invalid_result, "a SNOMED code stands alone: " + code_.value);
}

Concept Concept::snomed(std::string sct, std::string srt, std::string meaning) {
    Concept concept_of_both;
    concept_of_both.code_ = {std::move(sct), "SCT", std::move(meaning)};
    concept_of_both.srt_ = std::move(srt);
    return concept_of_both;
}

Code Concept::in(CodeScheme scheme) const {
    if (srt_.empty() || scheme == CodeScheme::sct) return code_;
    return {srt_, "SRT", code_.meaning};
}

bool is_snomed_ct(const std::string& scheme) {
    return scheme == "SCT";
}

bool is_snomed_rt(const std::string& scheme) {
    return scheme == "SRT" || scheme == "SNM3" || scheme == "99SDM";
}

}  // namespace calcnode::dicom
