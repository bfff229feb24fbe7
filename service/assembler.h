// Looks at the open studies a few times a second and closes into jobs those that are ready
// (service/assembly.h decides). Lives on the control thread. Several `serve` processes may do this on one
// journal: each close is a race that one wins.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "service/journal.h"
#include "service/live_config.h"

namespace calcnode::service {

class Assembler {
  public:
    Assembler(boost::asio::io_context& context, LiveConfig config, Journal& journal);

  private:
    void schedule();
    void look();

    LiveConfig config_;
    Journal& journal_;
    boost::asio::steady_timer timer_;
};

}  // namespace calcnode::service
