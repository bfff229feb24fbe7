#include "service/circuit_breaker.h"

#include <gtest/gtest.h>

namespace calcnode::service {
namespace {

using namespace std::chrono_literals;
using State = CircuitBreaker::State;

config::Delivery rules() {
    config::Delivery delivery;
    delivery.first_retry = 5s;
    delivery.longest_retry = 60s;
    delivery.breaker_failures = 3;
    return delivery;
}

TEST(CircuitBreaker, OpensAfterFailuresInARow) {
    CircuitBreaker breaker;
    const Time t{};
    EXPECT_FALSE(breaker.failed(rules(), t, 0.5));
    EXPECT_FALSE(breaker.failed(rules(), t, 0.5));
    EXPECT_FALSE(breaker.answered()) << "it was never open";
    EXPECT_FALSE(breaker.failed(rules(), t, 0.5));
    EXPECT_FALSE(breaker.failed(rules(), t, 0.5));
    EXPECT_EQ(breaker.state(t), State::closed);
    EXPECT_TRUE(breaker.failed(rules(), t, 0.5));
    EXPECT_EQ(breaker.state(t), State::open);
}

TEST(CircuitBreaker, LooksAgainAfterPausesThatGrow) {
    CircuitBreaker breaker;
    Time t{};
    for (int i = 0; i < 3; ++i)
        breaker.failed(rules(), t, 0.5);
    for (const Duration pause :
         {Duration(5s), Duration(10s), Duration(20s), Duration(40s), Duration(60s), Duration(60s)}) {
        EXPECT_EQ(breaker.state(t + pause - 1ms), State::open);
        t += pause;
        EXPECT_EQ(breaker.state(t), State::half_open);
        EXPECT_FALSE(breaker.failed(rules(), t, 0.5)) << "open already";
    }
}

TEST(CircuitBreaker, OneAnswerClosesIt) {
    CircuitBreaker breaker;
    const Time t{};
    for (int i = 0; i < 5; ++i)
        breaker.failed(rules(), t, 0.5);
    EXPECT_TRUE(breaker.answered());
    EXPECT_EQ(breaker.state(t), State::closed);
    EXPECT_FALSE(breaker.failed(rules(), t, 0.5)) << "counts from the beginning";
}

}  // namespace
}  // namespace calcnode::service
