#include "service/owner.h"

#include <array>
#include <cerrno>
#include <charconv>

#include <signal.h>
#include <unistd.h>

#include "service/types.h"

namespace calcnode::service {

std::string make_owner(std::string_view role) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    return std::string(host.data()) + ":" + std::to_string(::getpid()) + ":" +
           std::to_string(now().time_since_epoch().count()) + ":" + std::string(role);
}

bool is_gone(const std::string& owner) {
    const std::string own = make_owner("");
    const std::size_t host = own.find(':');
    if (owner.compare(0, host + 1, own, 0, host + 1) != 0) return false;
    int pid = 0;
    const char* const end = owner.data() + owner.size();
    const auto number = std::from_chars(owner.data() + host + 1, end, pid);
    if (number.ec != std::errc() || number.ptr == end || *number.ptr != ':' || pid <= 0) return false;
    return pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH);
}

}  // namespace calcnode::service
