#include "pipeline/tiles.h"

#include <algorithm>
#include <limits>

#include <opencv2/imgproc.hpp>

namespace calcnode::pipeline {
namespace {

/// The next of 1, 2, 3, 4, 6, 8, 12, 16, 24 ... cells.
int rounded_up(int cells) {
    int size = 1;
    while (size < cells)
        size = size < 2 ? size + 1 : (size & (size - 1)) == 0 ? size + size / 2 : size / 3 * 4;
    return size;
}

/// Rectangles here are in cells.
class Planner {
  public:
    Planner(const cv::Mat& busy, const TileOptions& options)
        : options_(options), largest_(options.largest / options.cell) {
        cv::integral(busy, sums_, CV_32S);
    }

    void cut(cv::Rect box) {
        box = shrunk(box);
        if (box.empty()) return;
        Split best;
        const bool fits = box.width <= largest_ && box.height <= largest_;
        if (fits) best.cost = cost(box);
        for (int at = 1; at < box.width; ++at)
            consider(best, {box.x, box.y, at, box.height}, {box.x + at, box.y, box.width - at, box.height});
        for (int at = 1; at < box.height; ++at)
            consider(best, {box.x, box.y, box.width, at}, {box.x, box.y + at, box.width, box.height - at});
        if (best.first.empty()) {
            found_.push_back(box);
        } else {
            cut(best.first);
            cut(best.second);
        }
    }

    std::vector<Tile> tiles() const {
        std::vector<Tile> tiles;
        const int cell = options_.cell;
        for (const cv::Rect& box : found_) {
            tiles.push_back({cv::Rect(box.tl() * cell, box.size() * cell),
                             cv::Size(run_size(box.width), run_size(box.height)) * cell});
        }
        std::stable_sort(tiles.begin(), tiles.end(),
                         [](const Tile& a, const Tile& b) { return a.run.area() > b.run.area(); });
        return tiles;
    }

  private:
    struct Split {
        double cost = std::numeric_limits<double>::infinity();
        cv::Rect first, second;
    };

    int busy_in(const cv::Rect& box) const {
        return sums_.at<int>(box.br().y, box.br().x) - sums_.at<int>(box.y, box.br().x) -
               sums_.at<int>(box.br().y, box.x) + sums_.at<int>(box.y, box.x);
    }

    cv::Rect shrunk(cv::Rect box) const {
        if (busy_in(box) == 0) return {};
        for (; busy_in({box.x, box.y, 1, box.height}) == 0; ++box.x)
            --box.width;
        while (busy_in({box.br().x - 1, box.y, 1, box.height}) == 0)
            --box.width;
        for (; busy_in({box.x, box.y, box.width, 1}) == 0; ++box.y)
            --box.height;
        while (busy_in({box.x, box.br().y - 1, box.width, 1}) == 0)
            --box.height;
        return box;
    }

    int run_size(int cells) const { return std::min(rounded_up(cells), largest_); }

    /// Pixels that are run for `box`; when it is too large for one tile: a guess, in equal parts.
    double cost(const cv::Rect& box) const {
        const auto side = [&](int cells, int& parts) {
            parts = (cells + largest_ - 1) / largest_;
            return run_size((cells + parts - 1) / parts) * options_.cell + 2 * options_.halo;
        };
        int across = 1, down = 1;
        const double width = side(box.width, across), height = side(box.height, down);
        return width * height * across * down;
    }

    void consider(Split& best, const cv::Rect& first, const cv::Rect& second) const {
        const cv::Rect one = shrunk(first), other = shrunk(second);
        const double both = cost(one) + cost(other);
        if (both < best.cost) best = {both, one, other};
    }

    const TileOptions& options_;
    int largest_;
    cv::Mat sums_;
    std::vector<cv::Rect> found_;
};

}  // namespace

std::vector<Tile> plan_tiles(const cv::Mat& where, const TileOptions& options) {
    const int cell = options.cell;
    const cv::Rect all(0, 0, where.cols, where.rows);
    cv::Mat busy((where.rows + cell - 1) / cell, (where.cols + cell - 1) / cell, CV_8U);
    for (int y = 0; y < busy.rows; ++y) {
        for (int x = 0; x < busy.cols; ++x) {
            const cv::Rect pixels = cv::Rect(x * cell, y * cell, cell, cell) & all;
            busy.at<unsigned char>(y, x) = cv::countNonZero(where(pixels)) > 0 ? 1 : 0;
        }
    }
    Planner planner(busy, options);
    planner.cut({0, 0, busy.cols, busy.rows});
    return planner.tiles();
}

}  // namespace calcnode::pipeline
