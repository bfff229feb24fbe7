// A coded concept as our own tables name it. Written into a data set only as `in(scheme)`, the scheme being
// that of the whole object: so no object mixes SNOMED CT with SRT. Value type; internal to dicom/.
#pragma once

#include <string>

#include "dicom/code.h"

namespace calcnode::dicom {

class Concept {
  public:
    Concept() = default;  // none
    /// A code that is the same in every object (DCM, UCUM ...). Throws Error invalid_result for one of
    /// SNOMED.
    Concept(Code code);  // NOLINT(google-explicit-constructor): a concept for those tables
    /// A concept of SNOMED, with its SNOMED CT identifier and its older SRT code (PS3.16 Annex O).
    static Concept snomed(std::string sct, std::string srt, std::string meaning);

    Code in(CodeScheme scheme) const;
    bool empty() const { return code_.value.empty(); }

  private:
    Code code_;        // of SNOMED CT when there are two
    std::string srt_;  // empty: there is one code only
};

/// "SCT"; "SRT" and its older names "SNM3" and "99SDM" (PS3.16 8.1).
bool is_snomed_ct(const std::string& scheme);
bool is_snomed_rt(const std::string& scheme);

}  // namespace calcnode::dicom
