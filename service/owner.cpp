#include "service/owner.h"

#include <array>

#include <unistd.h>

#include "service/types.h"

namespace calcnode::service {

std::string make_owner(std::string_view role) {
    std::array<char, 256> host{};
    if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
    return std::string(host.data()) + ":" + std::to_string(::getpid()) + ":" +
           std::to_string(now().time_since_epoch().count()) + ":" + std::string(role);
}

}  // namespace calcnode::service
