// deploy/conformance.md says which transfer syntaxes results are proposed with.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "config/config.h"
#include "service/result_plan.h"
#include "tests/support/markdown_table.h"

namespace calcnode::service {
namespace {

TEST(ConformanceStatement, NamesTheTransferSyntaxesOfDestinations) {
    std::vector<std::string> uids;
    config::Destination destination;
    destination.transfer_syntaxes.clear();
    for (const support::Row& row : support::read_table("deploy/conformance.md", "Table 3-2.")) {
        uids.push_back(row.at(1));
        destination.transfer_syntaxes.push_back(row.at(2));
    }
    EXPECT_EQ(transfer_syntaxes_of(destination), uids);
    const auto standard = transfer_syntaxes_of(config::Destination{});
    EXPECT_EQ(standard,
              std::vector<std::string>(uids.begin(), uids.begin() + static_cast<long>(standard.size())));
}

}  // namespace
}  // namespace calcnode::service
