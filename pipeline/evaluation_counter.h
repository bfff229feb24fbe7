// Counts many findings of one image against one truth: what depends on its millions of pixels is done once.
// Used by count_image() and by measurements that sweep a threshold. One thread at a time.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "pipeline/evaluation.h"
#include "pipeline/evaluation_matching.h"

namespace calcnode::pipeline {

/// A true cluster.
struct TrueGroup {
    bool counts = true;          // false: too small for the definition in use
    std::set<int> grains;        // labels in Truth::mask, 1-based; empty for a circle
    double area_mm2 = 0;         // of the hull
    TruthCircle circle;          // mm
    std::vector<Point> outline;  // pixels, closed: the hull, or the circle as a polygon
};

class TruthCounter {
  public:
    /// Both must outlive it. Throws Error bad_argument when the truth's mask is not of the image's size.
    TruthCounter(const Mammogram& mammogram, const Truth& truth);

    /// Empty without a mask.
    RegionTable table(const Image<std::uint16_t>& labels, std::size_t regions) const;

    /// As count_image(). `table` is of a label image in which calcification k of `findings` is region k; it
    /// may have more regions (a weaker threshold's).
    ImageCounts count(const ImageFindings& findings, const RegionTable& table, int members) const;

    /// Which calcification is which grain (0-based, -1: none), best overlap first.
    std::vector<int> grain_of_found(const ImageFindings& findings, const RegionTable& table) const;

    /// Fills ImageCounts::grain_marks.
    std::vector<GrainMark> grain_marks(const ImageFindings& findings, const RegionTable& table) const;

    std::vector<TrueGroup> groups(int members) const;

  private:
    const Mammogram& mammogram_;
    const Truth& truth_;
    bool normal_;
    std::vector<Grain> grains_;
};

}  // namespace calcnode::pipeline
