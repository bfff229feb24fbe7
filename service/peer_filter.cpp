#include "service/peer_filter.h"

#include <algorithm>

#include <boost/asio/ip/address.hpp>

namespace calcnode::service {

namespace ip = boost::asio::ip;

PeerFilter::PeerFilter(const std::vector<std::string>& allowed) {
    for (const std::string& text : allowed) {
        const bool is_v6 = text.find(':') != std::string::npos;
        const bool is_block = text.find('/') != std::string::npos;
        if (is_v6) {
            v6_.push_back(is_block ? ip::make_network_v6(text)
                                   : ip::network_v6(ip::make_address_v6(text), 128));
        } else {
            v4_.push_back(is_block ? ip::make_network_v4(text)
                                   : ip::network_v4(ip::make_address_v4(text), 32));
        }
    }
}

bool PeerFilter::allows(const ip::address& address) const {
    if (v4_.empty() && v6_.empty()) return true;
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return allows(ip::make_address_v4(ip::v4_mapped, address.to_v6()));
    }
    if (address.is_v4()) {
        const ip::network_v4 host(address.to_v4(), 32);
        return std::any_of(v4_.begin(), v4_.end(),
                           [&](const auto& block) { return host == block || host.is_subnet_of(block); });
    }
    const ip::network_v6 host(address.to_v6(), 128);
    return std::any_of(v6_.begin(), v6_.end(),
                       [&](const auto& block) { return host == block || host.is_subnet_of(block); });
}

}  // namespace calcnode::service
