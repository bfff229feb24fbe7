#include "dicom/dimse_object.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcfilefo.h>
#include <dcmtk/dcmdata/dcostrmb.h>
#include <dcmtk/dcmdata/dcwcache.h>
#include <dcmtk/dcmdata/dcxfer.h>

#include "dicom/byte_source.h"
#include "dicom/check.h"
#include "dicom/dataset_scan.h"

namespace calcnode::dicom {

namespace {

constexpr std::size_t kPreamble = 132;    // PS3.10 7.1, with "DICM"
constexpr std::size_t kGroupLength = 12;  // (0002,0000) UL, the first element of the meta information
constexpr unsigned char kGroupLengthHead[8] = {2, 0, 0, 0, 'U', 'L', 4, 0};

// Leaves the source at the data set's first byte.
void skip_meta_information(ByteSource& source, const std::filesystem::path& file) {
    std::array<unsigned char, kPreamble + kGroupLength> head;
    const std::string name = file.filename().string();
    if (source.read(head) != head.size() || std::memcmp(head.data() + kPreamble - 4, "DICM", 4) != 0) {
        throw Error(ErrorCode::not_dicom, "no DICOM file: " + name);
    }
    const unsigned char* element = head.data() + kPreamble;
    if (std::memcmp(element, kGroupLengthHead, sizeof kGroupLengthHead) != 0) {
        throw Error(ErrorCode::malformed_dataset, "no length of the meta information: " + name);
    }
    const std::uint64_t length =
        element[8] | element[9] << 8 | element[10] << 16 | static_cast<std::uint64_t>(element[11]) << 24;
    if (source.skip(length) != length || source.at_end()) {
        throw Error(ErrorCode::malformed_dataset, "no data set: " + name);
    }
}

class StoredBytes : public OutgoingDataset {
  public:
    explicit StoredBytes(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

    void send(DimseConnection& connection, std::uint8_t context_id) override {
        std::vector<unsigned char> buffer(connection.largest_fragment());
        bool last = false;
        while (!last) {
            const std::size_t count = source_->read(buffer);
            last = source_->at_end();
            connection.send({.context_id = context_id,
                             .is_command = false,
                             .is_last = last,
                             .data = std::span(buffer).first(count)});
        }
    }

  private:
    std::unique_ptr<ByteSource> source_;
};

class Reencoded : public OutgoingDataset {
  public:
    Reencoded(const std::filesystem::path& file, E_TransferSyntax syntax) : syntax_(syntax) {
        scan_dataset(file);  // DCMTK's recursive parser must not meet what we have not walked
        check(file_.loadFile(file.c_str()), "reading an object to send", ErrorCode::malformed_dataset);
        check(file_.getDataset()->chooseRepresentation(syntax_, nullptr), "re-encoding an object to send",
              ErrorCode::malformed_dataset);
        check(file_.loadAllDataIntoMemory(), "reading an object to send", ErrorCode::file_error);
    }

    void send(DimseConnection& connection, std::uint8_t context_id) override {
        // Room for a byte that is held back and one of padding: fragments are of even length (PS3.8 E.1).
        std::vector<unsigned char> buffer(connection.largest_fragment() / 2 * 2 - 2);
        std::vector<unsigned char> fragment;
        DcmOutputBufferStream stream(buffer.data(), static_cast<offile_off_t>(buffer.size()));
        DcmWriteCache cache;
        DcmDataset* dataset = file_.getDataset();
        dataset->transferInit();
        bool whole = false;  // all is in the stream, which may still hold back some of it (deflated)
        for (bool last = false; !last;) {
            if (!whole) whole = write_some(stream, cache);
            if (whole) stream.flush();
            void* bytes = nullptr;
            offile_off_t count = 0;
            stream.flushBuffer(bytes, count);
            last = whole && stream.isFlushed();
            const auto* begin = static_cast<unsigned char*>(bytes);
            fragment.insert(fragment.end(), begin, begin + count);
            // A deflated data set may end on an odd byte: one zero more (PS3.5 A.5).
            if (last && fragment.size() % 2 != 0) fragment.push_back(0);
            const std::size_t even = fragment.size() / 2 * 2;
            connection.send({.context_id = context_id,
                             .is_command = false,
                             .is_last = last,
                             .data = std::span(fragment).first(even)});
            fragment.erase(fragment.begin(), fragment.begin() + static_cast<std::ptrdiff_t>(even));
        }
        dataset->transferEnd();
    }

  private:
    /// True when the data set has been written to its end.
    bool write_some(DcmOutputStream& stream, DcmWriteCache& cache) {
        const OFCondition written =
            file_.getDataset()->write(stream, syntax_, EET_ExplicitLength, &cache, EGL_withoutGL);
        if (written.bad() && written != EC_StreamNotifyClient)
            check(written, "re-encoding", ErrorCode::network_error);
        return written.good();
    }

    DcmFileFormat file_;
    E_TransferSyntax syntax_;
};

}  // namespace

std::unique_ptr<OutgoingDataset> open_outgoing(const OutgoingObject& object,
                                               const std::string& transfer_syntax) {
    if (transfer_syntax != object.transfer_syntax_uid) {
        return std::make_unique<Reencoded>(object.path, DcmXfer(transfer_syntax.c_str()).getXfer());
    }
    auto source = open_file_source(object.path);
    skip_meta_information(*source, object.path);
    return std::make_unique<StoredBytes>(std::move(source));
}

}  // namespace calcnode::dicom
