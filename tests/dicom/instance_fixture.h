// Small MG instances made in code, in every syntax, for the tests of what reads them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcdatset.h>
#include <dcmtk/dcmdata/dcfilefo.h>

#include "dicom/error.h"
#include "dicom/uid.h"

namespace calcnode::dicom::fixture {

/// A folder of its own that goes with the object.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

  private:
    std::filesystem::path path_;
};

struct ImageOptions {
    int rows = 61;
    int columns = 43;
    int bits_allocated = 16;
    int bits_stored = 12;
    const char* photometric = "MONOCHROME2";
    const char* sop_class = kMammographyForPresentation;
};

/// A pattern of edges, ramps and noise over all the stored bits.
std::vector<std::uint16_t> pattern(const ImageOptions& options);

/// A whole MG instance with these pixels (R CC, 0.07 mm); tests add to or take from its data set.
std::unique_ptr<DcmFileFormat> make_instance(const ImageOptions& options,
                                             const std::vector<std::uint16_t>& pixels);
std::unique_ptr<DcmFileFormat> make_instance(const ImageOptions& options = {});

void put_text(DcmItem& item, const DcmTagKey& tag, const std::string& value);
void put_number(DcmItem& item, const DcmTagKey& tag, int value);
/// Adds an item with a code to `sequence`, which is made when needed; returns the item.
DcmItem& add_code(DcmItem& item, const DcmTagKey& sequence, const char* value, const char* scheme);

/// Encodes (JPEG, JPEG-LS and RLE by DCMTK, JPEG 2000 by OpenJPEG) and writes the file.
void save(DcmFileFormat& format, const std::filesystem::path& file, const std::string& transfer_syntax);

/// All input syntaxes of calcnode; `lossless` ones give back the very pixels.
struct Syntax {
    const char* uid;
    const char* name;
    bool lossless;
};
const std::vector<Syntax>& syntaxes();
inline void PrintTo(const Syntax& syntax, std::ostream* out) {
    *out << syntax.name;
}

/// An encoded JPEG 2000 codestream; `lossy` by the irreversible transform at about 8:1.
std::vector<unsigned char> encode_jpeg2000(const ImageOptions& options,
                                           const std::vector<std::uint16_t>& pixels, bool lossy);
/// Replaces Pixel Data with these fragments (after an empty basic offset table) of `transfer_syntax`.
void put_fragments(DcmDataset& dataset, const std::vector<std::vector<unsigned char>>& fragments,
                   const std::string& transfer_syntax);

std::vector<unsigned char> read_bytes(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::vector<unsigned char>& bytes);

/// The code of the Error that `call` throws; fails the test when it throws none.
template <typename Call>
std::string error_of(Call&& call, ErrorCode expected) {
    try {
        call();
    } catch (const Error& error) {
        if (error.code() == expected) return {};
        return "another error: " + std::to_string(static_cast<int>(error.code())) + ' ' + error.what();
    }
    return "no error";
}

}  // namespace calcnode::dicom::fixture
