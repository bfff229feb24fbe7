// The report of an evaluation as one HTML file that needs no other: tables, plots, pictures of cases. Pure.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "service/lab_report.h"

namespace calcnode::service {

/// A picture to stand in the page: PNG or JPEG, as the file's bytes.
struct PagePicture {
    std::string section;  // pictures of one section stand under one heading
    std::string caption;
    std::string bytes;
};

std::string report_html(const EvaluationReport& report, std::span<const PagePicture> plots,
                        std::span<const PagePicture> cases);

/// RFC 4648, with padding.
std::string base64(std::string_view bytes);

}  // namespace calcnode::service
