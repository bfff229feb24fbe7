#include "service/lab_cases.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>
#include <string_view>

#include "pipeline/error.h"
#include "pipeline/evaluation_picture.h"

namespace calcnode::service {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kHeader = "image,spacing_mm,patient,kind,severity,tissue,truth";
constexpr std::string_view kOptionalHeader = ",device,medium,intent,condition";
constexpr std::string_view kSomewhere = "image";
constexpr std::size_t kFields = 7;
constexpr std::size_t kOptionalFields = 4;

std::vector<std::string> split(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (true) {
        const auto end = text.find(separator);
        parts.emplace_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<double> number(std::string_view text) {
    double value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (problem != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

std::optional<pipeline::TruthCircle> circle(std::string_view text) {
    const std::vector<std::string> parts = split(text, ',');
    if (parts.size() != 3) return std::nullopt;
    const auto x = number(parts[0]);
    const auto y = number(parts[1]);
    const auto radius = number(parts[2]);
    if (!x || !y || !radius || *radius <= 0) return std::nullopt;
    return pipeline::TruthCircle{.centre = {*x, *y}, .radius = *radius};
}

/// What is wrong with the truth, or nothing.
std::string truth_mistake(const std::string& truth) {
    if (truth == kSomewhere) return "";
    if (truth.starts_with("mask:")) {
        return truth.size() > 5 ? "" : "the truth 'mask:' names no file; write mask:FILE.png";
    }
    for (const std::string& part : split(truth, ';')) {
        if (!part.starts_with("circle:") || !circle(std::string_view(part).substr(7))) {
            return "the truth '" + part +
                   "' is not understood; write circle:x,y,r in pixels (';' between circles), "
                   "mask:FILE.png, or image when nobody knows where";
        }
    }
    return "";
}

/// Takes `count` fields off the end of the line; fewer when it has no more commas.
std::vector<std::string> take_last(std::string_view& line, std::size_t count) {
    std::vector<std::string> fields;
    while (fields.size() < count) {
        const auto comma = line.rfind(',');
        if (comma == std::string_view::npos) break;
        fields.emplace(fields.begin(), line.substr(comma + 1));
        line = line.substr(0, comma);
    }
    return fields;
}

/// Circles hold commas themselves: whatever follows the sixth comma, up to the optional columns, is the
/// truth.
std::vector<std::string> fields_of(std::string_view line, std::size_t optional_fields) {
    const std::vector<std::string> optional = take_last(line, optional_fields);
    std::vector<std::string> fields;
    while (fields.size() + 1 < kFields) {
        const auto end = line.find(',');
        if (end == std::string_view::npos) break;
        fields.emplace_back(line.substr(0, end));
        line.remove_prefix(end + 1);
    }
    fields.emplace_back(line);
    if (fields.size() == kFields && fields.back().size() >= 2 && fields.back().front() == '"' &&
        fields.back().back() == '"') {
        fields.back() = fields.back().substr(1, fields.back().size() - 2);
    }
    fields.insert(fields.end(), optional.begin(), optional.end());
    return fields;
}

/// Circles hold commas: in quotes they are one field to other programs too.
std::string quoted(const std::string& truth) {
    return truth.find(',') == std::string::npos ? truth : std::string(1, '"').append(truth).append(1, '"');
}

/// Fills the row; returns what is wrong with it, or nothing.
std::string parse_row(const std::vector<std::string>& fields, const fs::path& folder, CaseRow& row) {
    row.image = fields[0];
    row.patient = fields[2];
    row.kind = fields[3];
    row.severity = fields[4];
    row.tissue = fields[5];
    row.truth = fields[6];
    if (fields.size() == kFields + kOptionalFields) {
        row.device = fields[7];
        row.medium = fields[8];
        row.intent = fields[9];
        row.condition = fields[10];
    }
    const std::string ending = row.image.extension();
    if (ending != ".dcm" && ending != ".png" && ending != ".jpg" && ending != ".jpeg")
        return "the image '" + fields[0] + "' is neither .dcm, .png nor .jpg";
    if (!fs::is_regular_file(folder / row.image)) return "there is no image " + (folder / row.image).string();
    const auto spacing = number(fields[1]);
    if (!spacing || *spacing <= 0)
        return "spacing_mm '" + fields[1] + "' is not a number above 0; write mm a pixel";
    row.spacing_mm = *spacing;
    if (row.patient.empty()) return "the patient is empty; images of one patient need the same name here";
    if (row.kind != "calc" && row.kind != "normal")
        return "the kind '" + row.kind + "' is neither calc nor normal";
    if (row.truth.empty()) {
        return row.kind == "normal"
                   ? ""
                   : "the kind is calc but there is no truth; write circle:x,y,r or mask:FILE.png, or image "
                     "when nobody knows where";
    }
    if (row.kind == "normal" && row.truth == kSomewhere)
        return "the kind is normal but the truth says that the image holds calcifications";
    if (row.kind == "normal" && !row.truth.starts_with("mask:"))
        return "the kind is normal but circles are given";
    return truth_mistake(row.truth);
}

}  // namespace

std::vector<CaseRow> read_cases(const fs::path& file) {
    using pipeline::Error;
    using pipeline::ErrorCode;
    std::ifstream stream(file);
    if (!stream) throw Error(ErrorCode::bad_argument, file.string() + ": cannot be opened");
    std::vector<CaseRow> rows;
    std::string mistakes;
    std::string header;
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (number == 1) {
            if (line != kHeader && line != std::string(kHeader).append(kOptionalHeader)) {
                throw Error(ErrorCode::bad_argument, file.string() + ":1: the first line must be " +
                                                         std::string(kHeader) + ", with or without " +
                                                         std::string(kOptionalHeader.substr(1)));
            }
            header = line;
            continue;
        }
        if (line.empty()) continue;
        CaseRow row;
        row.line = number;
        const std::size_t optional = header == kHeader ? 0 : kOptionalFields;
        const std::vector<std::string> fields = fields_of(line, optional);
        const std::string mistake = fields.size() == kFields + optional
                                        ? parse_row(fields, file.parent_path(), row)
                                        : std::to_string(fields.size()) + " fields instead of " +
                                              std::to_string(kFields + optional) + "; a row is " + header;
        if (!mistake.empty())
            mistakes.append("\n")
                .append(file.string())
                .append(":")
                .append(std::to_string(number))
                .append(": ")
                .append(mistake);
        rows.push_back(std::move(row));
    }
    if (!mistakes.empty()) throw Error(ErrorCode::bad_argument, mistakes.substr(1));
    if (rows.empty()) throw Error(ErrorCode::bad_argument, file.string() + ": there are no cases in it");
    return rows;
}

void write_cases(const std::vector<CaseRow>& rows, const fs::path& file) {
    const bool optional = std::any_of(rows.begin(), rows.end(), [](const CaseRow& row) {
        return !(row.device.empty() && row.medium.empty() && row.intent.empty() && row.condition.empty());
    });
    std::ostringstream text;
    text << kHeader << (optional ? kOptionalHeader : "") << '\n';
    for (const CaseRow& row : rows) {
        for (const std::string& field : {row.image.string(), row.patient, row.kind, row.severity, row.tissue,
                                         row.device, row.medium, row.intent, row.condition}) {
            if (field.find_first_of(",\"\r\n") != std::string::npos) {
                throw pipeline::Error(pipeline::ErrorCode::bad_argument,
                                      "'" + field + "' cannot stand in " + file.string());
            }
        }
        char spacing[32];
        std::snprintf(spacing, sizeof spacing, "%.7g", row.spacing_mm);
        text << row.image.string() << ',' << spacing << ',' << row.patient << ',' << row.kind << ','
             << row.severity << ',' << row.tissue << ',' << quoted(row.truth);
        if (optional) {
            text << ',' << row.device << ',' << row.medium << ',' << row.intent << ',' << row.condition;
        }
        text << '\n';
    }
    std::ofstream stream(file, std::ios::trunc);
    stream << text.str();
    stream.close();
    if (!stream)
        throw pipeline::Error(pipeline::ErrorCode::write_failed, file.string() + ": cannot be written");
}

pipeline::Truth read_truth(const CaseRow& row, const fs::path& folder) {
    pipeline::Truth truth;
    if (row.truth == kSomewhere) {
        truth.somewhere = true;
    } else if (row.truth.starts_with("mask:")) {
        pipeline::GreyPicture mask = pipeline::read_grey_png(folder / row.truth.substr(5));
        // An 8 bit mask marks what is calcification; only 16 bit masks number the grains.
        truth.mask = mask.bits == 8 ? pipeline::label_regions(mask.pixels) : std::move(mask.pixels);
    } else if (!row.truth.empty()) {
        for (const std::string& part : split(row.truth, ';')) {
            if (const auto found = circle(std::string_view(part).substr(7))) truth.circles.push_back(*found);
        }
    }
    const bool normal = truth.is_normal();
    if (normal != (row.kind == "normal")) {
        throw pipeline::Error(
            pipeline::ErrorCode::bad_argument,
            "the kind is " + row.kind + " but the mask " + (normal ? "is empty" : "is not empty"));
    }
    return truth;
}

}  // namespace calcnode::service
