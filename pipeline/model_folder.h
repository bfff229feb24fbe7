// The manifest of a model folder: everything about a model that is not a weight. Values; any thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pipeline/clustering.h"
#include "pipeline/findings.h"
#include "pipeline/image_quality.h"

namespace calcnode::pipeline {

struct NetworkEntry {
    std::string file;
    std::string sha256;  // hex
    int receptive_field_px = 0;
    int stride = 1;
    double threshold = 0.5;
    int alignment_px = 4;  // tiles and halos begin on multiples of this
};

struct Manifest {
    std::string name;
    std::string version;
    double spacing_mm = 0.1;
    NetworkEntry detector;
    NetworkEntry segmentator;
    ClusteringOptions clustering;
    double cluster_threshold = 0.5;              // the operating point
    double lone_calcification_threshold = 0.95;  // a grain in no cluster is reported from this score on
    double largest_calcification_mm2 = 8;
    Domain domain;  // what kind of picture the model was made for
    std::uint64_t seed = 0;
    int exams = 0;
    int steps = 0;
    std::vector<std::string> training_data;  // one line each: what, licence, attribution
};

struct ModelFolder {
    Manifest manifest;
    ModelIdentity identity;
};

/// Reads manifest.json alone. Throws Error model_not_found or model_damaged.
ModelFolder read_manifest(const std::filesystem::path& folder);

/// Reads manifest.json and checks the digest of every file that it names. Throws Error model_not_found when
/// the folder or a file is missing, model_damaged when the manifest cannot be read or a digest differs.
ModelFolder read_model_folder(const std::filesystem::path& folder);

/// Computes the digests of the network files, which must be in `folder`, and writes manifest.json.
/// Throws Error write_failed.
void write_manifest(const std::filesystem::path& folder, Manifest manifest);

/// SHA-256 in hex. Throws Error model_not_found when the file cannot be read.
std::string sha256_of_file(const std::filesystem::path& file);

}  // namespace calcnode::pipeline
