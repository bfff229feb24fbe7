// A C-STORE made in code: a small data set in Explicit VR Little Endian, handed over in pieces as an
// association would.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "dicom/association_server.h"
#include "dicom/error.h"

namespace calcnode::service {

/// Explicit VR Little Endian, elements in the order of the calls (PS3.5 7.1.2).
class DatasetBuilder {
  public:
    DatasetBuilder& text(unsigned group, unsigned element, const char* vr, std::string value);
    DatasetBuilder& number(unsigned group, unsigned element, unsigned value);  // US
    DatasetBuilder& pixels(std::size_t bytes);                                 // OW, all alike
    const std::vector<unsigned char>& bytes() const { return bytes_; }

  private:
    void put(unsigned long value, int size);
    std::vector<unsigned char> bytes_;
};

struct SampleImage {
    std::string sop_class_uid = "1.2.840.10008.5.1.4.1.1.1.2";
    std::string sop_instance_uid = "1.2.3.1";
    std::string study_instance_uid = "1.2.3";
    std::string series_instance_uid = "1.2.3.9";
    std::string station_name = "ROOM1";
    std::size_t pixel_bytes = 5000;
};

std::vector<unsigned char> encode(const SampleImage& image);

/// The bytes in pieces of uneven sizes; after `fails_after` bytes the peer is gone.
class PieceStream : public dicom::DatasetStream {
  public:
    explicit PieceStream(std::vector<unsigned char> bytes, std::size_t fails_after = SIZE_MAX)
        : bytes_(std::move(bytes)), fails_after_(fails_after) {}
    std::span<const unsigned char> next() override;

  private:
    std::vector<unsigned char> bytes_;
    std::size_t fails_after_;
    std::size_t position_ = 0;
    std::size_t step_ = 1;
};

}  // namespace calcnode::service
