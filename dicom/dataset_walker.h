// The walk behind dicom/dataset_scan.h: PS3.5 section 7's element, item and fragment structure, with an
// explicit stack of at most 2 x depth frames instead of recursion. Internal to dicom/; one walk a walker, one
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dicom/byte_source.h"
#include "dicom/dataset_scan.h"

namespace calcnode::dicom {

struct ScanTag {
    std::uint16_t group = 0;
    std::uint16_t element = 0;
    bool operator==(const ScanTag&) const = default;
    bool is_private() const { return group % 2 == 1; }
};

struct Encoding {
    bool explicit_vr = true;
    bool big_endian = false;
    bool encapsulated = false;  // (7FE0,0010) of undefined length holds fragments (PS3.5 A.4)
};

class DatasetWalker {
  public:
    /// `source` stands at the data set's first byte and outlives the walker.
    DatasetWalker(ByteSource& source, const ScanLimits& limits, const Encoding& encoding);
    /// Adds what it finds to `result`. Throws Error malformed_dataset or too_large.
    void walk(ScanResult& result);

  private:
    struct Frame {
        bool is_sequence = false;  // otherwise an item, or the data set itself
        bool delimited = false;    // ends with a delimiter, not by its length
        std::uint64_t end = 0;     // first position that cannot belong to it
        ScanTag tag;
        Encoding encoding;
    };
    struct Header {
        ScanTag tag;
        std::uint64_t offset = 0;
        bool is_sequence = false;
        bool is_unknown = false;   // VR UN, or none known for an implicit one
        bool holds_bytes = false;  // VR OB or OW
        std::uint32_t length = 0;
    };

    void step_item();
    void step_sequence();
    void step_value(const Header& header);
    void step_undefined_length(const Header& header);
    void step_private_value(const Header& header);
    void skip_fragments(const Header& pixel_data);

    Header read_header();
    Header read_item_header();
    void read_vr_and_length(Header& header);
    void open_item(const Header& item);
    void push(const Header& header, bool is_sequence, const Encoding& encoding);
    void close_frame(const Header& delimiter, ScanTag expected);
    void count_value(const Header& header);
    void skip_value(const Header& header, std::uint64_t length);
    void read_bytes(unsigned char* out, std::size_t count, const Header& header);
    bool frame_is_finished();
    bool is_top_level() const { return stack_.size() == 1; }
    std::uint64_t room() const { return stack_.back().end - source_.position(); }
    std::uint16_t number16(const unsigned char* bytes) const;
    std::uint32_t number32(const unsigned char* bytes) const;

    ByteSource& source_;
    const ScanLimits& limits_;
    std::vector<Frame> stack_;
    ScanResult found_;
    int depth_ = 0;  // open sequences
    std::uint64_t elements_ = 0;
    std::uint64_t header_bytes_ = 0;
};

}  // namespace calcnode::dicom
