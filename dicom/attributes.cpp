#include "dicom/attributes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcelem.h>
#include <dcmtk/dcmdata/dcsequen.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmdata/dctag.h>

#include "dicom/error.h"
#include "dicom/uid.h"

namespace calcnode::dicom {

namespace {

std::string trimmed(std::string_view text) {
    constexpr std::string_view kPadding(" \0", 2);  // PS3.5 6.2
    const std::size_t first = text.find_first_not_of(kPadding);
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(kPadding) - first + 1));
}

bool is_ascii(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void replace_controls(std::string& text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
}

void replace_non_ascii(std::string& text) {
    std::replace_if(
        text.begin(), text.end(), [](unsigned char c) { return c >= 0x80; }, '?');
}

// A data set that is declared as UTF-8 need not be: the converter passes it through unchecked.
bool is_utf8(std::string_view text) {
    std::size_t at = 0;
    while (at < text.size()) {
        const auto lead = static_cast<unsigned char>(text[at]);
        const std::size_t length = lead < 0x80       ? 1
                                   : lead >> 5 == 6  ? 2
                                   : lead >> 4 == 14 ? 3
                                   : lead >> 3 == 30 ? 4
                                                     : 0;
        if (length == 0 || at + length > text.size() || lead == 0xC0 || lead == 0xC1 || lead > 0xF4)
            return false;
        for (std::size_t next = 1; next < length; ++next) {
            if ((static_cast<unsigned char>(text[at + next]) & 0xC0) != 0x80) return false;
        }
        const auto second = length > 1 ? static_cast<unsigned char>(text[at + 1]) : 0;
        const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
        const bool surrogate_or_beyond = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
        if (overlong || surrogate_or_beyond) return false;
        at += length;
    }
    return true;
}

std::string character_sets(DcmItem& dataset) {
    OFString names;
    dataset.findAndGetOFStringArray(DCM_SpecificCharacterSet, names);
    return names.c_str();
}

std::string name_of(const DcmTagKey& key) {
    DcmTag tag(key);
    return std::string(tag.getTagName()) + ' ' + key.toString().c_str();
}

}  // namespace

std::string text_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index) {
    OFString value;
    if (dataset.findAndGetOFString(tag, value, index).bad()) return {};
    return trimmed({value.c_str(), value.size()});
}

std::string utf8_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index) {
    std::string value = text_value(dataset, tag, index);
    if (!is_ascii(value)) {
        DcmSpecificCharacterSet converter;
        OFString converted;
        const bool known = converter.selectCharacterSet(character_sets(dataset).c_str()).good();
        if (known && converter.convertString(value.c_str(), value.size(), converted).good() &&
            is_utf8(converted.c_str())) {
            value = converted.c_str();
        } else {
            replace_non_ascii(value);
        }
    }
    replace_controls(value);
    return value;
}

std::optional<double> number_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index) {
    const std::string text = text_value(dataset, tag, index);
    const char* begin = text.c_str();
    const char* end = begin + text.size();
    if (begin != end && *begin == '+') ++begin;
    double value = 0;
    const auto [rest, problem] = std::from_chars(begin, end, value);
    if (problem != std::errc{} || rest != end || !std::isfinite(value)) return std::nullopt;
    return value;
}

std::optional<int> integer_value(DcmItem& dataset, const DcmTagKey& tag, unsigned long index) {
    const std::optional<double> value = number_value(dataset, tag, index);
    if (!value || *value != std::trunc(*value)) return std::nullopt;
    if (*value < std::numeric_limits<int>::min() || *value > std::numeric_limits<int>::max())
        return std::nullopt;
    return static_cast<int>(*value);
}

std::string required_uid(DcmItem& dataset, const DcmTagKey& tag) {
    // The whole value: of "1.2\\3.4" the first part is a legal UID, and so is what stands before a NUL.
    const char* value = nullptr;
    Uint32 length = 0;
    std::string uid;
    if (dataset.findAndGetString(tag, value, length).good() && value != nullptr)
        uid = trimmed({value, length});
    if (uid.empty()) throw Error(ErrorCode::missing_attribute, name_of(tag) + " is missing");
    if (!is_legal_uid(uid)) throw Error(ErrorCode::malformed_dataset, name_of(tag) + " is not a legal UID");
    return uid;
}

std::vector<DcmItem*> items_of(DcmItem& dataset, const DcmTagKey& sequence) {
    std::vector<DcmItem*> items;
    DcmSequenceOfItems* found = nullptr;
    if (dataset.findAndGetSequence(sequence, found).bad() || found == nullptr) return items;
    for (unsigned long index = 0; index < found->card(); ++index)
        items.push_back(found->getItem(index));
    return items;
}

Code code_of(DcmItem& item) {
    return {text_value(item, DCM_CodeValue), text_value(item, DCM_CodingSchemeDesignator),
            text_value(item, DCM_CodeMeaning)};
}

}  // namespace calcnode::dicom
