#include "service/types.h"

namespace calcnode::service {

Time now() {
    return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

}  // namespace calcnode::service
