#include "service/circuit_breaker.h"

#include <limits>

#include "service/retry_pause.h"

namespace calcnode::service {

CircuitBreaker::State CircuitBreaker::state(Time now) const {
    if (openings_ == 0) return State::closed;
    return now < retry_at_ ? State::open : State::half_open;
}

bool CircuitBreaker::answered() {
    const bool was_down = openings_ > 0;
    failures_ = 0;
    openings_ = 0;
    return was_down;
}

bool CircuitBreaker::failed(const config::Delivery& rules, Time now, double jitter) {
    if (failures_ < std::numeric_limits<int>::max()) ++failures_;
    if (failures_ < rules.breaker_failures) return false;
    if (openings_ < std::numeric_limits<int>::max()) ++openings_;
    retry_at_ = now + retry_pause(rules, openings_, jitter);
    return openings_ == 1;
}

}  // namespace calcnode::service
