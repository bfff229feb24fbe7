// Bridges pipeline::Image and cv::Mat. Internal to pipeline/; any thread.
#pragma once

#include <opencv2/core.hpp>

#include "pipeline/image.h"

namespace calcnode::pipeline {

/// A header on the image's own pixels: nothing is copied, the image must outlive it and is not to be written
/// through.
template <typename T>
cv::Mat view(const Image<T>& image) {
    return cv::Mat(image.rows, image.columns, cv::traits::Type<T>::value,
                   const_cast<T*>(image.pixels.data()));
}

/// A copy of `mat`, which must hold one channel of T.
template <typename T>
Image<T> copy_of(const cv::Mat& mat) {
    Image<T> image(mat.rows, mat.cols);
    mat.copyTo(view(image));
    return image;
}

}  // namespace calcnode::pipeline
