#include "service/retry_pause.h"

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using namespace std::chrono_literals;

config::Delivery rules() {
    config::Delivery delivery;
    delivery.first_retry = 5s;
    delivery.longest_retry = 10min;
    return delivery;
}

TEST(RetryPause, DoublesFromTheFirst) {
    EXPECT_EQ(retry_pause(rules(), 1, 0.5), Duration(5s));
    EXPECT_EQ(retry_pause(rules(), 2, 0.5), Duration(10s));
    EXPECT_EQ(retry_pause(rules(), 4, 0.5), Duration(40s));
}

TEST(RetryPause, IsCapped) {
    EXPECT_EQ(retry_pause(rules(), 12, 0.5), Duration(10min));
    EXPECT_EQ(retry_pause(rules(), 1'000'000, 0.5), Duration(10min));
}

TEST(RetryPause, JitterIsTwentyPercentEitherWay) {
    EXPECT_EQ(retry_pause(rules(), 1, 0.0), Duration(4s));
    EXPECT_EQ(retry_pause(rules(), 1, 1.0), Duration(6s));
}

}  // namespace
}  // namespace calcnode::service
