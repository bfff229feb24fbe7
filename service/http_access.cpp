#include "service/http_access.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kShortestToken = 32;
constexpr std::array<Permission, 3> kAll{Permission::view, Permission::operate, Permission::patient};

std::array<unsigned char, 32> digest_of(std::string_view token) {
    std::array<unsigned char, 32> digest{};
    unsigned int length = 0;
    EVP_Digest(token.data(), token.size(), digest.data(), &length, EVP_sha256(), nullptr);
    return digest;
}

std::string random_token() {
    std::array<unsigned char, 32> bytes{};
    if (RAND_bytes(bytes.data(), bytes.size()) != 1)
        throw std::runtime_error("the system gives no random numbers for a token");
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string token;
    for (const unsigned char byte : bytes) {
        token += kDigits[byte >> 4];
        token += kDigits[byte & 15];
    }
    return token;
}

[[noreturn]] void fail(const fs::path& file, const std::string& what) {
    throw std::runtime_error("http.token_file " + file.string() + ": " + what);
}

// Another process that shares the folder may be making it, too: one of them wins.
void make_file(const fs::path& file) {
    if (fs::exists(file)) return;
    if (file.has_parent_path()) fs::create_directories(file.parent_path());
    const fs::path fresh = file.string() + "." + std::to_string(::getpid());
    const int fd = ::open(fresh.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) fail(file, std::string("cannot be made: ") + std::strerror(errno));
    const std::string text =
        "# name permissions token; permissions: view, operate, patient\nadmin view,operate,patient " +
        random_token() + "\n";
    const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    ::close(fd);
    const bool linked = written && ::link(fresh.c_str(), file.c_str()) == 0;
    const int error = errno;
    ::unlink(fresh.c_str());
    if (!linked && error != EEXIST) fail(file, std::string("cannot be written: ") + std::strerror(error));
}

void check_mode(const fs::path& file) {
    struct stat state {};
    if (::stat(file.c_str(), &state) != 0) fail(file, std::string("cannot be read: ") + std::strerror(errno));
    if ((state.st_mode & 077) != 0)
        fail(file, "others than its owner can read it: `chmod 600` it, and make new tokens");
}

std::vector<Permission> permissions_of(const std::string& words, const std::string& where) {
    std::vector<Permission> permissions;
    std::stringstream list(words);
    std::string word;
    while (std::getline(list, word, ',')) {
        const auto found =
            std::find_if(kAll.begin(), kAll.end(), [&](Permission one) { return word == to_string(one); });
        if (found == kAll.end())
            throw std::runtime_error(where + "\"" + word + "\" is not one of view, operate, patient");
        permissions.push_back(*found);
    }
    return permissions;
}

}  // namespace

const char* to_string(Permission permission) {
    switch (permission) {
        case Permission::none:
            return "none";
        case Permission::view:
            return "view";
        case Permission::operate:
            return "operate";
        case Permission::patient:
            return "patient";
    }
    return "?";
}

bool HttpUser::may(Permission permission) const {
    return permission == Permission::none ||
           std::find(permissions.begin(), permissions.end(), permission) != permissions.end();
}

HttpAccess HttpAccess::open(const fs::path& file) {
    make_file(file);
    check_mode(file);
    std::ifstream stream(file);
    if (!stream) fail(file, "cannot be read");
    HttpAccess access;
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos || line.front() == '#') continue;
        access.add(line, "http.token_file " + file.string() + ":" + std::to_string(number) + ": ");
    }
    if (access.entries_.empty())
        fail(file,
             "names no user: write `name view,operate,patient TOKEN`, or remove the file and a new one is "
             "made");
    return access;
}

void HttpAccess::add(const std::string& line, const std::string& where) {
    std::stringstream words(line);
    std::string name, permissions, token, more;
    if (!(words >> name >> permissions >> token) || (words >> more))
        throw std::runtime_error(where + "is not `name permission[,permission] token`");
    if (token.size() < kShortestToken)
        throw std::runtime_error(where + "the token is shorter than " + std::to_string(kShortestToken) +
                                 " characters (`openssl rand -hex 32` makes one)");
    const Digest digest = digest_of(token);
    for (const Entry& other : entries_) {
        if (other.token == digest)
            throw std::runtime_error(where + "the token of " + other.user.name + " stands here again");
    }
    entries_.push_back({{name, permissions_of(permissions, where)}, digest});
}

std::optional<HttpUser> HttpAccess::user_of(const HttpRequest& request) const {
    static constexpr std::string_view kScheme = "bearer ";
    std::string header = request.header("authorization");
    std::string scheme = header.substr(0, kScheme.size());
    std::transform(scheme.begin(), scheme.end(), scheme.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (scheme != kScheme) return std::nullopt;
    const Digest digest = digest_of(std::string_view(header).substr(kScheme.size()));
    const Entry* found = nullptr;
    for (const Entry& entry : entries_) {  // all of them, each in constant time
        if (CRYPTO_memcmp(entry.token.data(), digest.data(), digest.size()) == 0) found = &entry;
    }
    if (found == nullptr) return std::nullopt;
    return found->user;
}

}  // namespace calcnode::service
