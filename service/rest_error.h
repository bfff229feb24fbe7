// What the REST interface refuses, with a code and advice. Thrown by its handlers, turned into JSON in one
// place.
#pragma once

#include <stdexcept>
#include <string>

#include "service/http_message.h"

namespace calcnode::service {

enum class ErrorCode {
    bad_request,            // a parameter or a body that cannot be read
    unauthenticated,        // no token, or an unknown one
    forbidden,              // the token's user lacks the permission
    foreign_origin,         // a page of another site asked for a change
    not_found,              // no such path
    method_not_allowed,     // the path has other methods
    study_not_found,        // no such study in the journal
    object_not_found,       // no such image, result or delivery
    destination_not_found,  // no such destination in the configuration
    study_open,             // the study is being received and will be analysed anyway
    not_replayable,         // the delivery is neither dead nor not accepted
    file_gone,              // the spool does not hold the file any more
    picture_failed,         // an image or a report cannot be shown
    busy,                   // too much of this kind is going on
    journal_unavailable,    // the journal cannot be read or written
};

/// "study_not_found": the JSON's `error`.
const char* to_string(ErrorCode code);

/// The HTTP status that goes with it.
unsigned http_status(ErrorCode code);

class RestError : public std::runtime_error {
  public:
    /// `what`: what is wrong; `advice`: what to do. Neither holds patient data.
    RestError(ErrorCode code, const std::string& what, std::string advice)
        : std::runtime_error(what), code_(code), advice_(std::move(advice)) {}
    ErrorCode code() const { return code_; }
    const std::string& advice() const { return advice_; }

  private:
    ErrorCode code_;
    std::string advice_;
};

/// {"error", "message", "advice"}
HttpResponse error_response(const RestError& error);

}  // namespace calcnode::service
