#include "dicom/check.h"

#include <string>

#include <dcmtk/dcmdata/dcerror.h>

namespace calcnode::dicom {

namespace {

ErrorCode code_of_module(const OFCondition& condition) {
    switch (condition.module()) {
        case OFM_dcmnet:
        case OFM_dcmtls:
            return ErrorCode::network_error;
        case OFM_dcmseg:
        case OFM_dcmsr:
            return ErrorCode::invalid_result;
        default:
            return ErrorCode::malformed_dataset;
    }
}

}  // namespace

void check(const OFCondition& condition, std::string_view what, ErrorCode code) {
    if (condition.good()) return;
    throw Error(code, std::string(what) + ": " + condition.text());
}

void check(const OFCondition& condition, std::string_view what) {
    check(condition, what, code_of_module(condition));
}

}  // namespace calcnode::dicom
