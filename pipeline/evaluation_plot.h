// Curves with bands as PNG pictures: axes, grid, legend. Writes a file; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace calcnode::pipeline {

struct PlotPoint {
    double x = 0;
    double y = 0;
    double low = 0;  // of the band
    double high = 0;
};

struct PlotSeries {
    std::string name;
    std::vector<PlotPoint> points;  // by x
};

struct Plot {
    std::string title;
    std::string x_label;  // ASCII, as all texts here
    std::string y_label;
    double x_from = 0;
    double x_to = 1;
    bool logarithmic = false;        // x; then x_from is above 0
    bool diagonal = false;           // dotted: what guessing reaches in an ROC
    std::vector<PlotSeries> series;  // y from 0 to 1
};

/// 1280 x 880 pixels. Throws Error write_failed.
void write_plot_png(const Plot& plot, const std::filesystem::path& file);

}  // namespace calcnode::pipeline
