#include <algorithm>
#include <vector>

#include "pipeline/evaluation.h"
#include "pipeline/evaluation_bootstrap.h"
#include "pipeline/evaluation_curves.h"

namespace calcnode::pipeline {

namespace {

/// A measure that counts only images with a mask, or only those whose mask holds grains.
template <typename Figure>
Measure on_masks(Figure figure) {
    return [=](const ImageCounts& image) -> Ratio { return image.has_mask ? figure(image) : Ratio{}; };
}
template <typename Figure>
Measure on_grains(Figure figure) {
    return [=](const ImageCounts& image) -> Ratio { return image.grains > 0 ? figure(image) : Ratio{}; };
}

void summarise_grains(const Bootstrap& bootstrap, Summary& summary) {
    summary.grain_sensitivity = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(image.grains_found), static_cast<double>(image.grains)};
    }));
    summary.false_grains_per_cm2 = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(image.false_grains), image.breast_cm2};
    }));
    summary.false_grains_per_image = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {static_cast<double>(image.false_grains), 1};
    }));
}

void summarise_overlap(const Bootstrap& bootstrap, Summary& summary) {
    summary.dice = bootstrap.estimate(on_grains([](const ImageCounts& image) -> Ratio {
        return {image.dice, 1};
    }));
    summary.iou = bootstrap.estimate(on_grains([](const ImageCounts& image) -> Ratio {
        return {image.iou, 1};
    }));
    summary.object_iou = bootstrap.estimate(on_grains([](const ImageCounts& image) -> Ratio {
        return {image.object_iou, static_cast<double>(image.grains_found)};
    }));
    summary.object_iou_mean = bootstrap.estimate(on_grains([](const ImageCounts& image) -> Ratio {
        if (image.grains_found == 0) return {};
        return {image.object_iou / image.grains_found, 1};
    }));
    summary.dice_pooled = bootstrap.estimate(on_grains([](const ImageCounts& image) -> Ratio {
        return {2 * image.pixels_both, image.pixels_found + image.pixels_true};
    }));
    summary.iou_pooled = bootstrap.estimate(on_grains([](const ImageCounts& image) -> Ratio {
        return {image.pixels_both, image.pixels_found + image.pixels_true - image.pixels_both};
    }));
}

double wrong_pixels(const ImageCounts& image) {
    return image.pixels_found + image.pixels_true - 2 * image.pixels_both;
}

void summarise_pixels(const Bootstrap& bootstrap, Summary& summary) {
    summary.pixel_accuracy = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {image.pixels - wrong_pixels(image), image.pixels};
    }));
    summary.pixel_accuracy_mean = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {(image.pixels - wrong_pixels(image)) / image.pixels, 1};
    }));
    summary.pixel_false_rate = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {image.pixels_found - image.pixels_both, image.pixels - image.pixels_true};
    }));
    summary.pixel_false_rate_mean = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {(image.pixels_found - image.pixels_both) / (image.pixels - image.pixels_true), 1};
    }));
    summary.empty_mask_accuracy = bootstrap.estimate(on_masks([](const ImageCounts& image) -> Ratio {
        return {image.pixels - image.pixels_true, image.pixels};
    }));
}

Summary clusters_summary(std::span<const ImageCounts> images, const Bootstrap& bootstrap, double threshold) {
    Summary summary;
    summary.images = static_cast<int>(images.size());
    summary.patients = bootstrap.patients();
    for (const ImageCounts& image : images) {
        summary.normal_images += image.normal;
        summary.groups += image.groups;
        summary.grains += image.grains;
    }
    summary.sensitivity = bootstrap.estimate(true_marks(threshold));
    summary.false_per_normal = bootstrap.estimate(false_marks(true, threshold));
    summary.false_per_other =
        bootstrap.estimate([any = false_marks(false, threshold)](const ImageCounts& image) -> Ratio {
            return image.normal ? Ratio{} : any(image);
        });
    return summary;
}

}  // namespace

Summary summarise(std::span<const ImageCounts> images, const SummaryOptions& options) {
    const Bootstrap bootstrap(images, options);
    Summary summary = clusters_summary(images, bootstrap, options.threshold);
    summarise_grains(bootstrap, summary);
    summarise_overlap(bootstrap, summary);
    summarise_pixels(bootstrap, summary);
    summary.froc = froc(images, bootstrap, FrocRate::clusters_per_image, kFrocAllowed);
    summary.grain_froc_cm2 = froc(images, bootstrap, FrocRate::grains_per_cm2, kGrainsAllowed_cm2);
    summary.grain_froc_image = froc(images, bootstrap, FrocRate::grains_per_image, kGrainsAllowed);
    summary.area_under_roc = area_under_roc(images, bootstrap);
    return summary;
}

Summary summarise_clusters(std::span<const ImageCounts> images, const SummaryOptions& options) {
    return clusters_summary(images, Bootstrap(images, options), options.threshold);
}

Estimate sensitivity_difference(std::span<const ImageCounts> images, std::span<const ImageCounts> reference,
                                const SummaryOptions& options) {
    std::vector<ImageCounts> all(images.begin(), images.end());
    all.insert(all.end(), reference.begin(), reference.end());
    const Bootstrap bootstrap(all, options);
    const ImageCounts* border = all.data() + images.size();
    const Measure marks = true_marks(options.threshold);
    return bootstrap.difference(
        [=](const ImageCounts& image) { return &image < border ? marks(image) : Ratio{}; },
        [=](const ImageCounts& image) { return &image < border ? Ratio{} : marks(image); });
}

}  // namespace calcnode::pipeline
