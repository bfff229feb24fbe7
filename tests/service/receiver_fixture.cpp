#include "receiver_fixture.h"

#include <algorithm>

namespace calcnode::service {

void DatasetBuilder::put(unsigned long value, int size) {
    for (int i = 0; i < size; ++i)
        bytes_.push_back(static_cast<unsigned char>(value >> (8 * i)));
}

DatasetBuilder& DatasetBuilder::text(unsigned group, unsigned element, const char* vr, std::string value) {
    if (value.size() % 2 != 0) value += std::string(vr) == "UI" ? '\0' : ' ';
    put(group, 2);
    put(element, 2);
    bytes_.insert(bytes_.end(), vr, vr + 2);
    put(value.size(), 2);
    bytes_.insert(bytes_.end(), value.begin(), value.end());
    return *this;
}

DatasetBuilder& DatasetBuilder::number(unsigned group, unsigned element, unsigned value) {
    put(group, 2);
    put(element, 2);
    bytes_.insert(bytes_.end(), {'U', 'S'});
    put(2, 2);
    put(value, 2);
    return *this;
}

DatasetBuilder& DatasetBuilder::pixels(std::size_t bytes) {
    put(0x7fe0, 2);
    put(0x0010, 2);
    bytes_.insert(bytes_.end(), {'O', 'W', 0, 0});
    put(bytes, 4);
    bytes_.insert(bytes_.end(), bytes, 0x11);
    return *this;
}

std::vector<unsigned char> encode(const SampleImage& image) {
    DatasetBuilder dataset;
    dataset.text(0x0008, 0x0016, "UI", image.sop_class_uid)
        .text(0x0008, 0x0018, "UI", image.sop_instance_uid)
        .text(0x0008, 0x0060, "CS", "MG")
        .text(0x0008, 0x1010, "SH", image.station_name)
        .text(0x0010, 0x0010, "PN", "Secret^Patient")
        .text(0x0018, 0x5101, "CS", "CC")
        .text(0x0020, 0x000d, "UI", image.study_instance_uid)
        .text(0x0020, 0x000e, "UI", image.series_instance_uid)
        .text(0x0020, 0x0062, "CS", "L")
        .number(0x0028, 0x0010, 50)
        .number(0x0028, 0x0011, 50)
        .pixels(image.pixel_bytes);
    return dataset.bytes();
}

std::span<const unsigned char> PieceStream::next() {
    if (position_ >= fails_after_) throw dicom::Error(dicom::ErrorCode::network_error, "the peer is gone");
    const std::size_t size = std::min({step_, bytes_.size() - position_, fails_after_ - position_});
    const auto piece = std::span<const unsigned char>(bytes_).subspan(position_, size);
    position_ += size;
    step_ = step_ * 3 + 1;
    return piece;
}

}  // namespace calcnode::service
