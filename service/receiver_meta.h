// The head of a spool file: preamble and File Meta Information (PS3.10 7.1), written and read back by us. It
// holds what the journal would have held of the transfer, so that a file without a row can be adopted. Used
// by the receiver only. Pure functions but for the reading.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace calcnode::service {

struct FileMeta {
    std::string sop_class_uid;
    std::string sop_instance_uid;
    std::string transfer_syntax_uid;
    std::string calling_ae_title;
    std::string called_ae_title;
    std::string peer;  // numeric address
};

/// 128 bytes of preamble, "DICM" and group 0002 in Explicit VR Little Endian.
std::vector<unsigned char> encode_file_meta(const FileMeta& meta);

struct StoredFileMeta {
    FileMeta meta;
    std::uint64_t length = 0;  // the data set begins here
};

/// What encode_file_meta() has written; nothing when the file does not begin so.
std::optional<StoredFileMeta> read_file_meta(const std::filesystem::path& file);

}  // namespace calcnode::service
