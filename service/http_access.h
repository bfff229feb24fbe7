// Who may ask for what over HTTP: users with a bearer token each (RFC 6750), from a file that only we can
// read. Immutable once made; any thread.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http_message.h"

namespace calcnode::service {

enum class Permission {
    none,     // anybody: nothing that concerns a patient
    view,     // studies, pictures, deliveries: without names
    operate,  // replay, re-analyse, drain, echo
    patient,  // names, and files that hold them
};

/// As the file of tokens and the OpenAPI description name it.
const char* to_string(Permission permission);

struct HttpUser {
    std::string name;
    std::vector<Permission> permissions;

    bool may(Permission permission) const;
};

class HttpAccess {
  public:
    /// Reads the file: a line a user, `name permission[,permission] token`, # begins a comment. When it is
    /// not there it is made (mode 0600) with one user, `admin`, who may do everything, and a random token.
    /// Throws std::runtime_error naming file, line and remedy: others can read it, a token is shorter than 32
    /// characters or stands twice, an unknown permission.
    static HttpAccess open(const std::filesystem::path& file);

    /// The user whose token the request carries (Authorization: Bearer ...). Takes the same time whoever it
    /// is, and whoever it is not.
    std::optional<HttpUser> user_of(const HttpRequest& request) const;

  private:
    using Digest = std::array<unsigned char, 32>;
    struct Entry {
        HttpUser user;
        Digest token;  // SHA-256: comparing digests tells nothing of how much of a token was right
    };
    void add(const std::string& line, const std::string& where);
    std::vector<Entry> entries_;
};

}  // namespace calcnode::service
