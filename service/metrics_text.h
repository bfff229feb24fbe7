// Prometheus' text format 0.0.4: families of samples with labels. Internal to metrics.cpp. One thread.
#pragma once

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "service/metrics.h"

namespace calcnode::service {

class MetricsText {
  public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    /// Begins a family; its samples follow.
    MetricsText& family(const std::string& name, const std::string& type, const std::string& help);

    template <typename Number>
    MetricsText& value(const Labels& labels, Number number) {
        if constexpr (std::is_floating_point_v<Number>) {
            line(name_, labels, decimal(number));
        } else {
            line(name_, labels, std::to_string(number));
        }
        return *this;
    }
    MetricsText& value(const Labels& labels, const std::atomic<std::uint64_t>& number) {
        return value(labels, number.load());
    }
    MetricsText& counts(const std::vector<std::string>& label_names, const LabelledCounter& counter);
    MetricsText& histogram(const Labels& labels, const Histogram& histogram);

    const std::string& text() const { return text_; }

  private:
    static std::string decimal(double number);
    void line(const std::string& name, const Labels& labels, const std::string& number);

    std::string name_;
    std::string text_;
};

}  // namespace calcnode::service
