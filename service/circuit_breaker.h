// Spares a destination that is down, and the tries of what waits for it: after some failures in a row only
// one object is tried at a time, at growing intervals, until it answers. A value; no thread, no clock of its
// own.
#pragma once

#include "config/config.h"
#include "service/types.h"

namespace calcnode::service {

class CircuitBreaker {
  public:
    enum class State {
        closed,     // in order: send
        open,       // down: send nothing
        half_open,  // down, but it is time to try one object
    };

    State state(Time now) const;

    /// The destination has answered, whatever it said. True when it had been given up: it is back.
    bool answered();

    /// There was no association, or it broke without any answer. `jitter`: 0..1, see retry_pause(). True when
    /// this failure opened the breaker.
    bool failed(const config::Delivery& rules, Time now, double jitter);

    int failures() const { return failures_; }
    /// When one object is tried again; meaningful while not closed.
    Time retry_at() const { return retry_at_; }

  private:
    int failures_ = 0;  // in a row
    int openings_ = 0;  // in a row; 0: closed
    Time retry_at_{};
};

}  // namespace calcnode::service
