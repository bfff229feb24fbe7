// Filling the data set of a result object: single attributes, code sequences, and the modules that every
// result object has. Internal to dicom/. Each function throws Error invalid_result when DCMTK refuses.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>

#include "dicom/concept.h"
#include "dicom/patient_context.h"
#include "dicom/result_source.h"

namespace calcnode::dicom {

// PS3.3 C.7.5.1: who makes all our objects.
inline constexpr const char* kManufacturer = "calcnode project";
inline constexpr const char* kModelName = "calcnode";

void put(DcmItem& item, const DcmTagKey& tag, const std::string& value);
void put_number(DcmItem& item, const DcmTagKey& tag, std::uint16_t value);
void put_numbers(DcmItem& item, const DcmTagKey& tag, std::span<const std::uint32_t> values);
void put_empty(DcmItem& item, const DcmTagKey& tag);

/// Pixel Data of 8 bit (VR OB) or of bits, padded to even length (PS3.5 8.1.1).
void put_bytes(DcmItem& item, std::span<const std::uint8_t> bytes);

/// A new item at the end of a sequence, which is made when it is not there. It belongs to `item`.
DcmItem& add_item(DcmItem& item, const DcmTagKey& sequence);

/// A new item with the code in it (PS3.3 Table 8.8-1).
DcmItem& put_code(DcmItem& item, const DcmTagKey& sequence, const Code& code);

/// The same for a concept of ours.
DcmItem& put_code(DcmItem& item, const DcmTagKey& sequence, const Concept& what, CodeScheme scheme);

/// A new item with Referenced SOP Class and Instance UID (PS3.3 Table 10-11).
DcmItem& put_reference(DcmItem& item, const DcmTagKey& sequence, const std::string& sop_class_uid,
                       const std::string& sop_instance_uid);

struct ResultSeries {
    std::string modality;
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string series_instance_uid;
    int series_number = 0;
    int instance_number = 0;
    std::string description;
    Moment content;  // empty: the object has no such attributes
    Moment series;   // the same for all objects of the series; what is empty is left out
};

/// SOP Common, General Series, General Equipment of our own (PS3.3 C.12.1, C.7.3.1, C.7.5.1), Content Date
/// and Time, Instance Number, Content Qualification RESEARCH.
void put_series_and_equipment(DcmItem& object, const ResultSeries& series, const ResultOptions& options,
                              Repertoire repertoire);

/// One Contributing Equipment item (PS3.3 C.12.1) for each different device among `contexts`. The object has
/// the first one's character set: what another one's text cannot say in it becomes '?'.
void put_acquisition_equipment(DcmItem& object, std::span<const PatientContext> contexts);

}  // namespace calcnode::dicom
