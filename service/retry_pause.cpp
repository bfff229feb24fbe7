#include "service/retry_pause.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace calcnode::service {

Duration retry_pause(const config::Delivery& rules, int attempt, double jitter) {
    const double doubled =
        static_cast<double>(rules.first_retry.count()) * std::pow(2.0, std::clamp(attempt - 1, 0, 30));
    const double capped = std::min(doubled, static_cast<double>(rules.longest_retry.count()));
    return Duration(std::llround(capped * (0.8 + 0.4 * jitter)));
}

double random_jitter() {
    static thread_local std::mt19937 random{std::random_device{}()};
    return std::uniform_real_distribution<>(0, 1)(random);
}

}  // namespace calcnode::service
