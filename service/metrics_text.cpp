#include "service/metrics_text.h"

#include <array>
#include <cstdio>

namespace calcnode::service {

namespace {

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '\\' || c == '"') out += '\\';
        out += c == '\n' ? ' ' : c;
    }
    return out;
}

}  // namespace

MetricsText& MetricsText::family(const std::string& name, const std::string& type, const std::string& help) {
    name_ = name;
    text_ += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    return *this;
}

MetricsText& MetricsText::counts(const std::vector<std::string>& label_names,
                                 const LabelledCounter& counter) {
    for (const auto& [labels, count] : counter.values()) {
        Labels named;
        for (std::size_t i = 0; i < label_names.size(); ++i)
            named.emplace_back(label_names[i], labels[i]);
        value(named, count);
    }
    return *this;
}

MetricsText& MetricsText::histogram(const Labels& labels, const Histogram& histogram) {
    const std::size_t bounds = histogram.bounds().size();
    for (std::size_t i = 0; i <= bounds; ++i) {
        Labels with_bound = labels;
        with_bound.emplace_back("le", i == bounds ? "+Inf" : decimal(histogram.bounds()[i]));
        line(name_ + "_bucket", with_bound, std::to_string(histogram.up_to(i)));
    }
    line(name_ + "_sum", labels, decimal(histogram.sum()));
    line(name_ + "_count", labels, std::to_string(histogram.up_to(bounds)));
    return *this;
}

std::string MetricsText::decimal(double number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.9g", number);
    return text.data();
}

void MetricsText::line(const std::string& name, const Labels& labels, const std::string& number) {
    text_ += name;
    const char* before = "{";
    for (const auto& [label, value] : labels) {
        text_ += before + label + "=\"" + escaped(value) + "\"";
        before = ",";
    }
    text_ += std::string(labels.empty() ? "" : "}") + " " + number + "\n";
}

}  // namespace calcnode::service
