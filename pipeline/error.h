// The one exception of the pipeline; each code has a row in deploy/errors.md.
#pragma once

#include <stdexcept>
#include <string>

namespace calcnode::pipeline {

enum class ErrorCode {
    model_not_found,     // no such folder, file or manifest
    model_damaged,       // manifest unreadable, digest differs, network does not run
    device_unavailable,  // a device or a number format that this machine has not
    image_unsuitable,    // no spacing, too small, not a breast
    bad_argument,        // a lab option or a cases.csv row that cannot be used
    training_failed,     // loss not finite, no data
    write_failed,        // a file could not be written
};

class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& what) : std::runtime_error(what), code_(code) {}
    ErrorCode code() const { return code_; }

  private:
    ErrorCode code_;
};

}  // namespace calcnode::pipeline
