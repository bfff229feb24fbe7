// Reads tables of the documentation, for tests that compare them with the code. Any thread.
#pragma once

#include <string>
#include <vector>

namespace calcnode::support {

using Row = std::vector<std::string>;  // cells without the blanks and backticks around them

/// The rows below the head of the first table after the line that begins with `caption`, in the file `name`
/// below the root of the tree. Throws std::runtime_error when the file, the caption or the table is not
/// there.
std::vector<Row> read_table(const std::string& name, const std::string& caption);

}  // namespace calcnode::support
