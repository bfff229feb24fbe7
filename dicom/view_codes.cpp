#include "dicom/view_codes.h"

namespace calcnode::dicom {

namespace {

using pipeline::Laterality;
using pipeline::View;

struct ViewRow {
    View view;
    std::string_view snomed_ct;
    std::string_view snomed_rt;
    std::string_view position;  // empty: View Position has no term for it
};

// PS3.16 CID 4014, with the values of its 2017 edition and before for SRT and SNM3.
constexpr ViewRow kViews[] = {
    {View::cc, "399162004", "R-10242", "CC"},     {View::mlo, "399368009", "R-10226", "MLO"},
    {View::ml, "399260004", "R-10224", "ML"},     {View::lm, "399352003", "R-10228", "LM"},
    {View::lmo, "399099002", "R-10230", "LMO"},   {View::xccl, "399192008", "R-1024A", "XCCL"},
    {View::xccm, "399101009", "R-1024B", "XCCM"}, {View::fb, "399196006", "R-10244", "FB"},
    {View::sio, "399188001", "R-102D0", "SIO"},   {View::iso, "441555000", "R-40AAA", "ISO"},
    {View::specimen, "127457009", "G-8310", ""},
};

struct ModifierRow {
    ViewModifier modifier;
    std::string_view snomed_ct;
    std::string_view snomed_rt;
};

// PS3.16 CID 4015
constexpr ModifierRow kModifiers[] = {
    {ViewModifier::implant_displaced, "399209000", "R-102D5"},
    {ViewModifier::magnification, "399163009", "R-102D6"},
    {ViewModifier::spot_compression, "399055006", "R-102D7"},
};

template <typename Row>
bool is_code_of(const Row& row, const Code& code) {
    if (code.scheme == "SCT") return code.value == row.snomed_ct;
    const bool old_scheme = code.scheme == "SRT" || code.scheme == "SNM3" || code.scheme == "99SDM";
    return old_scheme && code.value == row.snomed_rt;
}

}  // namespace

View view_of_code(const Code& code) {
    for (const ViewRow& row : kViews) {
        if (is_code_of(row, code)) return row.view;
    }
    return View::unknown;
}

View view_of_position(std::string_view position) {
    if (position.empty()) return View::unknown;
    for (const ViewRow& row : kViews) {
        if (row.position == position) return row.view;
    }
    return View::unknown;
}

ViewModifier view_modifier_of(const Code& code) {
    for (const ModifierRow& row : kModifiers) {
        if (is_code_of(row, code)) return row.modifier;
    }
    return ViewModifier::other;
}

Laterality laterality_of(std::string_view text) {
    if (text == "L") return Laterality::left;
    if (text == "R") return Laterality::right;
    if (text == "B") return Laterality::both;
    return Laterality::unknown;
}

}  // namespace calcnode::dicom
