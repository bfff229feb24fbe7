#include "service/lab_patches.h"

#include <algorithm>
#include <fstream>
#include <functional>
#include <string_view>

#include "pipeline/error.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHeader = "file,patient,label,visible,cbis_description";
constexpr std::size_t kFields = 5;

/// RFC 4180 without line breaks in fields.
std::vector<std::string> fields_of(std::string_view line) {
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            fields.emplace_back();
        } else if (c != '\r') {
            fields.back() += c;
        }
    }
    return fields;
}

std::string first_line(const fs::path& file) {
    std::ifstream stream(file);
    std::string line;
    std::getline(stream, line);
    if (!line.empty() && line.back() == '\r') line.pop_back();
    return line;
}

/// Fills the row; returns what is wrong with it, or nothing.
std::string parse_row(const std::vector<std::string>& fields, const fs::path& folder, CaseRow& row) {
    if (fields.size() != kFields)
        return std::to_string(fields.size()) + " fields instead of 5; a row is " + std::string(kHeader);
    row.image = fields[0];
    row.patient = fields[1];
    if (!fs::is_regular_file(folder / row.image)) return "there is no image " + (folder / row.image).string();
    if (row.patient.empty()) return "the patient is empty";
    if (fields[2] == "calc") {
        row.kind = "calc";
        row.truth = "image";
        row.note = fields[3];
        return "";
    }
    row.kind = "normal";
    row.note = fields[4];
    return fields[2] == "outside_roi" ? "" : "the label '" + fields[2] + "' is neither calc nor outside_roi";
}

bool is_visible(const CaseRow& row) {
    return row.note.starts_with("clear") || row.note.starts_with("faint");
}

}  // namespace

bool is_patches(const fs::path& file) {
    return first_line(file) == kHeader;
}

std::vector<CaseRow> read_patches(const fs::path& file, double spacing_mm) {
    using pipeline::Error;
    using pipeline::ErrorCode;
    if (!(spacing_mm > 0)) {
        throw Error(ErrorCode::bad_argument,
                    file.string() + ": the crops' mm a pixel is not in it; give --spacing");
    }
    std::ifstream stream(file);
    std::vector<CaseRow> rows;
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
        if (number == 1 || line.empty() || line == "\r") continue;
        CaseRow row{.spacing_mm = spacing_mm, .medium = "film", .line = number};
        const std::string mistake = parse_row(fields_of(line), file.parent_path(), row);
        if (!mistake.empty()) {
            throw Error(ErrorCode::bad_argument,
                        file.string() + ":" + std::to_string(number) + ": " + mistake);
        }
        rows.push_back(std::move(row));
    }
    if (rows.empty()) throw Error(ErrorCode::bad_argument, file.string() + ": there are no crops in it");
    return rows;
}

std::vector<Subset> subsets_of(std::span<const CaseRow> rows) {
    if (std::all_of(rows.begin(), rows.end(), [](const CaseRow& row) { return row.note.empty(); })) return {};
    const auto normal = [](const CaseRow& row) { return row.kind == "normal"; };
    const auto screened = [](const CaseRow& row) { return row.note == "no flag"; };
    const std::pair<const char*, std::function<bool(const CaseRow&)>> parts[] = {
        {"all crops", [](const CaseRow&) { return true; }},
        {"visible ones, all normal ones", [=](const CaseRow& row) { return normal(row) || is_visible(row); }},
        {"all with calcifications, unflagged normal ones",
         [=](const CaseRow& row) { return !normal(row) || screened(row); }},
        {"visible ones, unflagged normal ones",
         [=](const CaseRow& row) { return normal(row) ? screened(row) : is_visible(row); }}};
    std::vector<Subset> subsets;
    for (const auto& [name, holds] : parts) {
        Subset subset{.name = name, .rows = {}};
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (holds(rows[i])) subset.rows.push_back(i);
        }
        subsets.push_back(std::move(subset));
    }
    return subsets;
}

}  // namespace calcnode::service
