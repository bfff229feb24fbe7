// Looks at the open studies a few times a second and closes into jobs those that are ready
// (service/assembly.h decides). Lives on the control thread. Several `serve` processes may do this on one
// journal: each close is a race that one wins.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "config/config.h"
#include "service/journal.h"

namespace calcnode::service {

class Assembler {
  public:
    Assembler(boost::asio::io_context& context, const config::Assembly& rules, Journal& journal);

  private:
    void schedule();
    void look();

    const config::Assembly& rules_;
    Journal& journal_;
    boost::asio::steady_timer timer_;
};

}  // namespace calcnode::service
