// A plain two-dimensional image: the only picture type that crosses the pipeline's border.
// Value type; any thread; row-major, no padding between rows.
#pragma once

#include <cstddef>
#include <vector>

namespace calcnode::pipeline {

template <typename T>
struct Image {
    int rows = 0;
    int columns = 0;
    std::vector<T> pixels;  // rows * columns values, row by row

    Image() = default;
    Image(int rows_, int columns_, T value = T{})
        : rows(rows_), columns(columns_), pixels(static_cast<std::size_t>(rows_) * columns_, value) {}

    bool empty() const { return pixels.empty(); }
    T& at(int row, int column) { return pixels[static_cast<std::size_t>(row) * columns + column]; }
    const T& at(int row, int column) const { return pixels[static_cast<std::size_t>(row) * columns + column]; }
};

}  // namespace calcnode::pipeline
