#include "service/rest_error.h"

#include <nlohmann/json.hpp>

namespace calcnode::service {

namespace {

struct Row {
    const char* name;
    unsigned status;
};

Row row_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::bad_request:
            return {"bad_request", 400};
        case ErrorCode::unauthenticated:
            return {"unauthenticated", 401};
        case ErrorCode::forbidden:
            return {"forbidden", 403};
        case ErrorCode::foreign_origin:
            return {"foreign_origin", 403};
        case ErrorCode::not_found:
            return {"not_found", 404};
        case ErrorCode::method_not_allowed:
            return {"method_not_allowed", 405};
        case ErrorCode::study_not_found:
            return {"study_not_found", 404};
        case ErrorCode::object_not_found:
            return {"object_not_found", 404};
        case ErrorCode::destination_not_found:
            return {"destination_not_found", 404};
        case ErrorCode::study_open:
            return {"study_open", 409};
        case ErrorCode::not_replayable:
            return {"not_replayable", 409};
        case ErrorCode::file_gone:
            return {"file_gone", 410};
        case ErrorCode::picture_failed:
            return {"picture_failed", 422};
        case ErrorCode::busy:
            return {"busy", 503};
        case ErrorCode::journal_unavailable:
            return {"journal_unavailable", 503};
    }
    return {"internal", 500};
}

}  // namespace

const char* to_string(ErrorCode code) {
    return row_of(code).name;
}

unsigned http_status(ErrorCode code) {
    return row_of(code).status;
}

HttpResponse error_response(const RestError& error) {
    const nlohmann::json body{
        {"error", to_string(error.code())}, {"message", error.what()}, {"advice", error.advice()}};
    HttpResponse response;
    response.status = http_status(error.code());
    response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    if (error.code() == ErrorCode::unauthenticated)
        response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"calcnode\"");
    if (error.code() == ErrorCode::busy) response.headers.emplace_back("Retry-After", "2");
    return response;
}

}  // namespace calcnode::service
