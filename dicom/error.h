// The one exception of the DICOM library; each code has a row in deploy/errors.md.
#pragma once

#include <stdexcept>
#include <string>

namespace calcnode::dicom {

enum class ErrorCode {
    not_dicom,             // no DICOM data set could be read
    malformed_dataset,     // lengths or nesting of the data set are impossible
    missing_attribute,     // an attribute that we need is absent or empty
    not_a_mammogram,       // not a single-frame MG image
    unsupported_pixels,    // geometry, bits or photometric interpretation that we do not handle
    too_large,             // over a stated limit
    undecodable,           // the codec refused the pixel data
    unsupported_syntax,    // a transfer syntax that we cannot decode
    inconsistent_sources,  // images of one study contradict each other
    invalid_result,        // a result object would not be valid
    file_error,            // open, read, write, rename, fsync
    network_error,         // association or DIMSE trouble
    tls_error,             // certificate, key or TLS handshake
};

class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
    ErrorCode code() const { return code_; }

  private:
    ErrorCode code_;
};

}  // namespace calcnode::dicom
