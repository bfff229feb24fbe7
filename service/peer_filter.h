// Which addresses may connect: a list of addresses and CIDR blocks (dicom.allowed_peers). Value type; any
// thread.
#pragma once

#include <string>
#include <vector>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

namespace calcnode::service {

class PeerFilter {
  public:
    /// Empty: everybody. Throws boost::system::system_error for text that is no address or block (the
    /// configuration's loader has refused such text before).
    explicit PeerFilter(const std::vector<std::string>& allowed);

    bool allows(const boost::asio::ip::address& address) const;

  private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

}  // namespace calcnode::service
