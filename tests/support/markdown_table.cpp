#include "tests/support/markdown_table.h"

#include <fstream>
#include <stdexcept>

namespace calcnode::support {

namespace {

std::string trimmed(const std::string& text) {
    constexpr const char* kAround = " `";
    const auto begin = text.find_first_not_of(kAround);
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(kAround) - begin + 1);
}

/// "| a | b |" -> {"a", "b"}
Row cells(const std::string& line) {
    Row row;
    for (std::size_t at = 1; at < line.size();) {
        const std::size_t end = std::min(line.find('|', at), line.size());
        row.push_back(trimmed(line.substr(at, end - at)));
        at = end + 1;
    }
    return row;
}

}  // namespace

std::vector<Row> read_table(const std::string& name, const std::string& caption) {
    std::ifstream file(std::string(CALCNODE_SOURCE_DIR) + "/" + name);
    std::vector<Row> rows;
    std::string line;
    bool captioned = false;
    while (std::getline(file, line)) {
        captioned = captioned || line.starts_with(caption);
        if (!captioned) continue;
        if (line.starts_with("|")) {
            rows.push_back(cells(line));
        } else if (!rows.empty()) {
            break;
        }
    }
    if (rows.size() < 3) throw std::runtime_error(name + ": no table after \"" + caption + "\"");
    rows.erase(rows.begin(), rows.begin() + 2);  // its head, and the line below that
    return rows;
}

}  // namespace calcnode::support
