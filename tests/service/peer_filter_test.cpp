#include "service/peer_filter.h"

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using boost::asio::ip::make_address;

TEST(PeerFilter, EmptyListAllowsEverybody) {
    const PeerFilter filter({});
    EXPECT_TRUE(filter.allows(make_address("203.0.113.9")));
    EXPECT_TRUE(filter.allows(make_address("2001:db8::1")));
}

TEST(PeerFilter, AllowsOnlyWhatIsListed) {
    const PeerFilter filter({"10.1.2.0/24", "192.0.2.7", "2001:db8:5::/48"});
    EXPECT_TRUE(filter.allows(make_address("10.1.2.0")));
    EXPECT_TRUE(filter.allows(make_address("10.1.2.255")));
    EXPECT_FALSE(filter.allows(make_address("10.1.3.0")));
    EXPECT_TRUE(filter.allows(make_address("192.0.2.7")));
    EXPECT_FALSE(filter.allows(make_address("192.0.2.8")));
    EXPECT_TRUE(filter.allows(make_address("2001:db8:5::42")));
    EXPECT_FALSE(filter.allows(make_address("2001:db8:6::42")));
}

TEST(PeerFilter, SeesThroughMappedAddresses) {
    const PeerFilter filter({"10.1.2.0/24"});
    EXPECT_TRUE(filter.allows(make_address("::ffff:10.1.2.3")));
    EXPECT_FALSE(filter.allows(make_address("::ffff:10.9.9.9")));
}

TEST(PeerFilter, BlockWithHostBitsMeansItsNetwork) {
    const PeerFilter filter({"10.1.2.77/24"});
    EXPECT_TRUE(filter.allows(make_address("10.1.2.3")));
}

}  // namespace
}  // namespace calcnode::service
