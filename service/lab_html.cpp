#include "service/lab_html.h"

#include <string_view>

#include "service/lab_tables.h"
#include "service/markup.h"

namespace calcnode::service {

namespace {

constexpr std::string_view kStyle = R"(
body { font: 15px/1.45 system-ui, sans-serif; color: #222; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
h3 { font-size: 1rem; margin: 1.6rem 0 .3rem; }
table { border-collapse: collapse; margin: .3rem 0; } td, th { padding: .2rem .8rem; text-align: left; }
tr:nth-child(even) td { background: #f4f6f8; } th { border-bottom: 2px solid #99a; }
td + td, th + th { font-variant-numeric: tabular-nums; }
.note { color: #555; font-size: .9rem; } .plots img { width: 48%; min-width: 26rem; }
figure { margin: 1rem 0; } figcaption { color: #555; font-size: .9rem; } figure img { max-width: 100%; }
.warn { border-left: 4px solid #c60; padding: .3rem .8rem; background: #fff6ec; }
)";

std::string row_of(const std::vector<std::string>& cells, const char* tag) {
    std::string html = "<tr>";
    for (const std::string& cell : cells)
        html.append("<")
            .append(tag)
            .append(">")
            .append(escaped_markup(cell))
            .append("</")
            .append(tag)
            .append(">");
    return html + "</tr>\n";
}

std::string html_of(const FigureTable& table) {
    std::string html;
    if (!table.title.empty()) html += "<h3>" + escaped_markup(table.title) + "</h3>\n";
    html += "<table>\n";
    if (!table.header.empty()) html += row_of(table.header, "th");
    for (const auto& row : table.rows)
        html += row_of(row, "td");
    html += "</table>\n";
    if (!table.note.empty()) html += "<p class=\"note\">" + escaped_markup(table.note) + "</p>\n";
    return html;
}

std::string image(const PagePicture& picture) {
    const bool png = picture.bytes.starts_with("\x89PNG");
    return std::string("<img alt=\"") + escaped_markup(picture.caption) + "\" src=\"data:image/" +
           (png ? "png" : "jpeg") + ";base64," + base64(picture.bytes) + "\">";
}

std::string cases_html(std::span<const PagePicture> cases) {
    std::string html =
        "<h2>Cases</h2>\n<p class=\"note\">Left the image, right 30 mm of it. True clusters: green "
        "found, red missed. Marks, with their score: yellow right, orange false.</p>\n";
    std::string section;
    for (const PagePicture& one : cases) {
        if (one.section != section) html += "<h3>" + escaped_markup(one.section) + "</h3>\n";
        section = one.section;
        html += "<figure>" + image(one) + "<figcaption>" + escaped_markup(one.caption) +
                "</figcaption></figure>\n";
    }
    return html;
}

}  // namespace

std::string base64(std::string_view bytes) {
    constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        unsigned group = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            const unsigned byte = i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0;
            group = group << 8 | byte;
        }
        for (std::size_t k = 0; k < 4; ++k)
            text += k < 2 || i + k - 1 < bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::string report_html(const EvaluationReport& report, std::span<const PagePicture> plots,
                        std::span<const PagePicture> cases) {
    std::string html =
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>Evaluation on ";
    html +=
        escaped_markup(report.cases) + "</title>\n<style>" + std::string(kStyle) + "</style></head><body>\n";
    html += "<h1>Evaluation on " + escaped_markup(report.cases) + "</h1>\n<p>" +
            escaped_markup(headline_of(report)) +
            "</p>\n<p class=\"warn\">Research only: not a medical device, not for diagnosis.</p>\n";
    if (!plots.empty()) {
        html += "<h2>Curves</h2>\n<div class=\"plots\">\n";
        for (const PagePicture& plot : plots)
            html += image(plot) + "\n";
        html += "</div>\n";
    }
    html += "<h2>Figures</h2>\n";
    for (const FigureTable& table : tables_of(report))
        html += html_of(table);
    html += "<p class=\"note\">" + escaped_markup(footnote_of(report)) + "</p>\n";
    if (!report.failures.empty()) {
        html += "<h2>Images that failed</h2>\n<ul>\n";
        for (const std::string& failure : report.failures)
            html += "<li>" + escaped_markup(failure) + "</li>\n";
        html += "</ul>\n";
    }
    if (!cases.empty()) html += cases_html(cases);
    return html + "</body></html>\n";
}

}  // namespace calcnode::service
