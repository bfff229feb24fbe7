#include "dicom/view_codes.h"

namespace calcnode::dicom {

namespace {

using pipeline::Laterality;
using pipeline::View;

struct ViewRow {
    View view;
    std::string_view snomed_ct;
    std::string_view snomed_rt;
    std::string_view meaning;
    std::string_view position;  // empty: View Position has no term for it
};

// PS3.16 CID 4014, with the values of its 2017 edition and before for SRT and SNM3.
constexpr ViewRow kViews[] = {
    {View::cc, "399162004", "R-10242", "cranio-caudal", "CC"},
    {View::mlo, "399368009", "R-10226", "medio-lateral oblique", "MLO"},
    {View::ml, "399260004", "R-10224", "medio-lateral", "ML"},
    {View::lm, "399352003", "R-10228", "latero-medial", "LM"},
    {View::lmo, "399099002", "R-10230", "latero-medial oblique", "LMO"},
    {View::xccl, "399192008", "R-1024A", "cranio-caudal exaggerated laterally", "XCCL"},
    {View::xccm, "399101009", "R-1024B", "cranio-caudal exaggerated medially", "XCCM"},
    {View::fb, "399196006", "R-10244", "caudo-cranial (from below)", "FB"},
    {View::sio, "399188001", "R-102D0", "superolateral to inferomedial oblique", "SIO"},
    {View::iso, "441555000", "R-40AAA", "inferomedial to superolateral oblique", "ISO"},
    {View::specimen, "127457009", "G-8310", "tissue specimen from breast", ""},
};

struct ModifierRow {
    ViewModifier modifier;
    std::string_view snomed_ct;
    std::string_view snomed_rt;
    std::string_view meaning;
};

// PS3.16 CID 4015
constexpr ModifierRow kModifiers[] = {
    {ViewModifier::implant_displaced, "399209000", "R-102D5", "Implant Displaced"},
    {ViewModifier::magnification, "399163009", "R-102D6", "Magnification"},
    {ViewModifier::spot_compression, "399055006", "R-102D7", "Spot Compression"},
    {ViewModifier::other, "399161006", "R-102D2", "Cleavage"},
    {ViewModifier::other, "399011000", "R-102D1", "Axillary Tail"},
    {ViewModifier::other, "399197002", "R-102D3", "Rolled Lateral"},
    {ViewModifier::other, "399226006", "R-102D4", "Rolled Medial"},
    {ViewModifier::other, "414493004", "R-102CA", "Rolled Inferior"},
    {ViewModifier::other, "415670009", "R-102C9", "Rolled Superior"},
    {ViewModifier::other, "399110001", "R-102C2", "Tangential"},
    {ViewModifier::other, "442581004", "R-40AB3", "Nipple in profile"},
    {ViewModifier::other, "441752004", "P2-00161", "Anterior compression"},
    {ViewModifier::other, "442593008", "R-40ABE", "Infra-mammary fold"},
    {ViewModifier::other, "442580003", "R-40AB2", "Axillary tissue"},
};

template <typename Row>
Concept concept_of(const Row& row) {
    return Concept::snomed(std::string(row.snomed_ct), std::string(row.snomed_rt), std::string(row.meaning));
}

template <typename Row>
bool is_code_of(const Row& row, const Code& code) {
    if (is_snomed_ct(code.scheme)) return code.value == row.snomed_ct;
    return is_snomed_rt(code.scheme) && code.value == row.snomed_rt;
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

Concept concept_of_view(View view) {
    for (const ViewRow& row : kViews) {
        if (row.view == view) return concept_of(row);
    }
    return {};
}

Concept concept_of_view_modifier(const Code& code) {
    for (const ModifierRow& row : kModifiers) {
        if (is_code_of(row, code)) return concept_of(row);
    }
    return {};
}

Laterality laterality_of(std::string_view text) {
    if (text == "L") return Laterality::left;
    if (text == "R") return Laterality::right;
    if (text == "B") return Laterality::both;
    return Laterality::unknown;
}

}  // namespace calcnode::dicom
