// The InstanceHeader of a data set that DCMTK has already parsed. Internal to dicom/.
#pragma once

#include <string>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcitem.h>

#include "dicom/instance_header.h"

namespace calcnode::dicom {

/// Throws Error missing_attribute or malformed_dataset for the four UIDs that every instance needs.
InstanceHeader header_fields(DcmItem& dataset, const std::string& transfer_syntax_uid);

bool is_mammography_class(const std::string& sop_class_uid);

}  // namespace calcnode::dicom
