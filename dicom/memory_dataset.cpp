#include "dicom/memory_dataset.h"

#include <algorithm>

#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include "dicom/byte_source.h"
#include "dicom/check.h"
#include "dicom/dataset_walker.h"

namespace calcnode::dicom {

namespace {

class MemorySource : public ByteSource {
  public:
    explicit MemorySource(std::span<const unsigned char> bytes) : bytes_(bytes) {}
    std::uint64_t position() const override { return position_; }
    std::optional<std::uint64_t> remaining() const override { return bytes_.size() - position_; }
    bool at_end() override { return position_ == bytes_.size(); }
    std::size_t read(std::span<unsigned char> out) override {
        const auto piece = bytes_.subspan(position_, std::min(out.size(), bytes_.size() - position_));
        std::copy(piece.begin(), piece.end(), out.begin());
        position_ += piece.size();
        return piece.size();
    }
    std::uint64_t skip(std::uint64_t count) override {
        const auto passed = std::min<std::uint64_t>(count, bytes_.size() - position_);
        position_ += static_cast<std::size_t>(passed);
        return passed;
    }

  private:
    std::span<const unsigned char> bytes_;
    std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<DcmDataset> parse_memory_dataset(std::span<const unsigned char> bytes,
                                                 const std::string& transfer_syntax,
                                                 const ScanLimits& limits) {
    const DcmXfer syntax(transfer_syntax.c_str());
    MemorySource source(bytes);
    ScanResult found;
    const Encoding encoding{.explicit_vr = syntax.isExplicitVR() == OFTrue,
                            .big_endian = syntax.isBigEndian() == OFTrue};
    DatasetWalker(source, limits, encoding).walk(found);

    DcmInputBufferStream stream;
    stream.setBuffer(bytes.data(), static_cast<offile_off_t>(bytes.size()));
    stream.setEos();
    auto dataset = std::make_unique<DcmDataset>();
    dataset->transferInit();
    check(dataset->read(stream, syntax.getXfer()), "reading a message's data set",
          ErrorCode::malformed_dataset);
    dataset->transferEnd();
    return dataset;
}

std::vector<unsigned char> encode_memory_dataset(DcmDataset& dataset, const std::string& transfer_syntax) {
    constexpr std::size_t kPiece = 16 * 1024;
    std::vector<unsigned char> bytes;
    std::vector<unsigned char> buffer(kPiece);
    DcmOutputBufferStream stream(buffer.data(), static_cast<offile_off_t>(buffer.size()));
    DcmWriteCache cache;
    dataset.transferInit();
    bool last = false;
    while (!last) {
        const OFCondition written =
            dataset.write(stream, DcmXfer(transfer_syntax.c_str()).getXfer(), EET_ExplicitLength, &cache);
        last = written.good();
        if (!last && written != EC_StreamNotifyClient) {
            check(written, "encoding a message's data set", ErrorCode::malformed_dataset);
        }
        void* piece = nullptr;
        offile_off_t count = 0;
        stream.flushBuffer(piece, count);
        const auto* begin = static_cast<const unsigned char*>(piece);
        bytes.insert(bytes.end(), begin, begin + count);
    }
    dataset.transferEnd();
    return bytes;
}

}  // namespace calcnode::dicom
