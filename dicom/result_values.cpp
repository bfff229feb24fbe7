// check_values() of result_check.h: the values of a result object against their representations.
#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcsequen.h>

#include "dicom/attributes.h"
#include "dicom/concept.h"
#include "dicom/error.h"
#include "dicom/patient_context.h"
#include "dicom/result_check.h"
#include "dicom/result_text.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

[[noreturn]] void refuse(const DcmTagKey& tag, const std::string& why) {
    throw Error(ErrorCode::invalid_result,
                "result object: " + std::string(tag.toString().c_str()) + " " + why);
}

struct TextRule {
    DcmEVR vr;
    std::size_t longest;
    bool many;  // values are separated by backslashes
};

// PS3.5 Table 6.2-1; UT only as long as we allow ourselves.
constexpr TextRule kTextRules[] = {
    {EVR_AE, 16, true},          {EVR_AS, 4, true},
    {EVR_CS, 16, true},          {EVR_DA, 8, true},
    {EVR_DS, 16, true},          {EVR_IS, 12, true},
    {EVR_LO, kLongString, true}, {EVR_LT, 10240, false},
    {EVR_PN, 64, true},          {EVR_SH, kShortString, true},
    {EVR_ST, kFreeText, false},  {EVR_TM, 14, true},
    {EVR_UT, kFreeText, false},
};

const TextRule* rule_of(DcmEVR vr) {
    const auto* rule = std::find_if(std::begin(kTextRules), std::end(kTextRules),
                                    [&](const TextRule& candidate) { return candidate.vr == vr; });
    return rule == std::end(kTextRules) ? nullptr : rule;
}

std::string_view bytes_of(DcmElement& element) {
    char* bytes = nullptr;
    Uint32 length = 0;
    if (element.getString(bytes, length).bad() || bytes == nullptr) return {};
    std::string_view text(bytes, length);
    while (!text.empty() && (text.back() == '\0' || text.back() == ' '))
        text.remove_suffix(1);
    return text;
}

bool is_code_string(std::string_view value) {
    return std::all_of(value.begin(), value.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '_';
    });
}

bool has_control(std::string_view value) {
    return std::any_of(value.begin(), value.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

void check_value(const DcmTagKey& tag, const TextRule& rule, std::string_view value) {
    const std::optional<std::size_t> characters = utf8_length(value);
    if (!characters) refuse(tag, "is not valid text");
    if (*characters > rule.longest) refuse(tag, "is too long");
    if (has_control(value)) refuse(tag, "has control characters");
    if (rule.vr == EVR_CS && !is_code_string(value)) refuse(tag, "is no code string");
    if (rule.vr == EVR_DA && !value.empty() && legal_date(value).empty()) refuse(tag, "is no date");
    if (rule.vr == EVR_TM && !value.empty() && legal_time(value).empty()) refuse(tag, "is no time");
}

/// Calls `visit` with each value of `text`.
template <typename Visit>
void each_value(std::string_view text, bool many, Visit visit) {
    while (many) {
        const std::size_t end = text.find('\\');
        if (end == std::string_view::npos) break;
        visit(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    visit(text);
}

void check_element(DcmElement& element, bool own) {
    const DcmTagKey tag = element.getTag();
    const DcmEVR vr = element.ident();
    if (vr == EVR_UI) {
        each_value(bytes_of(element), true, [&](std::string_view uid) {
            if (!is_legal_uid(uid)) refuse(tag, "is no legal UID");
        });
        return;
    }
    const TextRule* rule = rule_of(vr);
    if (own && rule != nullptr)
        each_value(bytes_of(element), rule->many,
                   [&](std::string_view value) { check_value(tag, *rule, value); });
}

bool is_snomed_rt_value(std::string_view value) {  // axis, hyphen, term: T-04000, P0-0099A, G-A100
    const std::size_t hyphen = value.find('-');
    const auto is_code_character = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); };
    return (hyphen == 1 || hyphen == 2) && (value.size() == hyphen + 5 || value.size() == hyphen + 6) &&
           std::all_of(value.begin(), value.begin() + static_cast<std::ptrdiff_t>(hyphen),
                       is_code_character) &&
           std::all_of(value.begin() + static_cast<std::ptrdiff_t>(hyphen) + 1, value.end(),
                       is_code_character);
}

bool is_snomed_ct_value(std::string_view value) {
    return value.size() >= 6 && value.size() <= 18 &&
           std::all_of(value.begin(), value.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The SNOMED scheme that the object's codes have been in so far; empty before the first.
using SnomedScheme = std::string;

void check_code(DcmItem& item, SnomedScheme& seen) {
    const std::string scheme = text_value(item, DCM_CodingSchemeDesignator);
    const bool new_scheme = is_snomed_ct(scheme);
    if (!new_scheme && !is_snomed_rt(scheme)) return;
    const std::string value = text_value(item, DCM_CodeValue);
    if (!(new_scheme ? is_snomed_ct_value(value) : is_snomed_rt_value(value)))
        refuse(DCM_CodeValue, value + " is no code of " + scheme);
    if (!seen.empty() && seen != scheme)
        refuse(DCM_CodingSchemeDesignator, "mixes " + seen + " and " + scheme);
    seen = scheme;
}

// As deep as our own objects, and no deeper than the source's sequences that they take over.
void check_item(DcmItem& item, bool own, SnomedScheme& scheme) {
    if (own) check_code(item, scheme);
    for (unsigned long i = 0; i < item.card(); ++i) {
        DcmElement* element = item.getElement(i);
        const bool ours = own && !is_taken_over(element->getTag());
        if (element->ident() != EVR_SQ) {
            if (element->getLength() > 0) check_element(*element, ours);
            continue;
        }
        auto* sequence = static_cast<DcmSequenceOfItems*>(element);
        for (unsigned long k = 0; k < sequence->card(); ++k)
            check_item(*sequence->getItem(k), ours, scheme);
    }
}

}  // namespace

void check_values(DcmItem& object) {
    for (const DcmTagKey& tag : {DCM_SOPClassUID, DCM_SOPInstanceUID, DCM_StudyInstanceUID,
                                 DCM_SeriesInstanceUID, DCM_Modality, DCM_SeriesNumber, DCM_InstanceNumber,
                                 DCM_Manufacturer, DCM_ManufacturerModelName, DCM_ContentQualification}) {
        if (!object.tagExistsWithValue(tag)) refuse(tag, "has no value");
    }
    SnomedScheme scheme;
    check_item(object, true, scheme);
}

}  // namespace calcnode::dicom
