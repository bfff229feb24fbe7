// Mammogram in, findings out: breast mask, normalisation, Detector, Segmentator, calcifications, clusters.
// An Analyser owns the loaded networks. One thread at a time may call analyse(); torch's own thread count is
// set once by set_threads().
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>

#include "pipeline/compute.h"
#include "pipeline/findings.h"
#include "pipeline/mammogram.h"

namespace calcnode::pipeline {

/// Sets the number of threads that LibTorch and OpenCV use inside an operation. Call once, before any
/// Analyser.
void set_threads(int threads);

enum class OutOfDomain : std::uint8_t { refuse, analyse };

struct AnalyserOptions {
    /// Operating point on the cluster score (0..1); negative: the model manifest's own.
    double cluster_threshold = -1;
    /// A calcification in no cluster is reported from this score on; negative: the manifest's own. 0 reports
    /// every candidate: to measure with.
    double lone_calcification_threshold = -1;
    /// Fill ImageFindings::probability.
    bool probability_map = false;
    /// What becomes of a picture that is not of the kind that the model was made for (image_quality.h).
    OutOfDomain out_of_domain = OutOfDomain::analyse;
    Compute compute;
};

class Analyser {
  public:
    /// Loads the model folder (manifest.json, TorchScript files), checks every digest.
    /// Throws Error model_not_found, model_damaged or device_unavailable.
    static Analyser open(const std::filesystem::path& model_folder, const AnalyserOptions& options = {});
    Analyser(Analyser&&) noexcept;
    Analyser& operator=(Analyser&&) noexcept;
    ~Analyser();

    const ModelIdentity& model() const;

    /// Findings with status analysed; or failed, with the reason, for a picture out of the model's
    /// domain (when the options refuse such). Same input gives the same findings, whatever the thread count.
    /// Throws Error image_unsuitable when the image cannot be analysed (spacing outside 0.02..0.3 mm, no
    /// breast).
    ImageFindings analyse(const Mammogram& mammogram) const;

  private:
    struct Impl;
    explicit Analyser(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::pipeline
