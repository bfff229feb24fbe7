#include "service/receiver_meta.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <string_view>

#include "dicom/implementation.h"

namespace calcnode::service {

namespace {

constexpr std::size_t kPreamble = 128;
constexpr std::size_t kPrefixEnd = kPreamble + 4;
constexpr std::size_t kGroupLengthElement = 12;
constexpr std::uint32_t kMaxGroupLength = 4096;  // ours is a few hundred bytes

// PS3.10 Table 7.1-1
enum Element : std::uint16_t {
    kVersion = 0x0001,
    kSopClass = 0x0002,
    kSopInstance = 0x0003,
    kTransferSyntax = 0x0010,
    kImplementationClass = 0x0012,
    kImplementationVersion = 0x0013,
    kSourceAe = 0x0016,
    kSendingAe = 0x0017,
    kReceivingAe = 0x0018,
    kPrivateCreator = 0x0100,
    kPrivateInformation = 0x0102,
};

class MetaWriter {
  public:
    void text(Element element, std::string_view vr, std::string value, char padding) {
        if (value.empty()) return;
        if (value.size() % 2 != 0) value += padding;
        head(element, vr);
        number(value.size(), 2);
        bytes_.insert(bytes_.end(), value.begin(), value.end());
    }
    void uid(Element element, const std::string& value) { text(element, "UI", value, '\0'); }
    void ae_title(Element element, std::string value) {
        value.resize(std::min<std::size_t>(value.size(), 16));
        for (char& c : value)  // PS3.5 6.2: no control characters, no backslash
            if (c < 0x20 || c > 0x7e || c == '\\') c = '?';
        text(element, "AE", std::move(value), ' ');
    }
    void binary(Element element, std::string value) {
        if (value.size() % 2 != 0) value += '\0';
        head(element, "OB");
        number(0, 2);
        number(value.size(), 4);
        bytes_.insert(bytes_.end(), value.begin(), value.end());
    }
    void group_length(std::size_t value) {
        head(Element{}, "UL");
        number(4, 2);
        number(value, 4);
    }
    const std::vector<unsigned char>& bytes() const { return bytes_; }

  private:
    void head(Element element, std::string_view vr) {
        number(0x0002, 2);
        number(element, 2);
        bytes_.insert(bytes_.end(), vr.begin(), vr.end());
    }
    void number(std::size_t value, int size) {
        for (int i = 0; i < size; ++i)
            bytes_.push_back(static_cast<unsigned char>(value >> (8 * i)));
    }
    std::vector<unsigned char> bytes_;
};

std::uint32_t little_endian(std::string_view bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

std::string trimmed(std::string_view value) {
    const std::size_t end = value.find_last_not_of(std::string_view(" \0", 2));
    return std::string(value.substr(0, end == std::string_view::npos ? 0 : end + 1));
}

/// The values of group 0002 by element number; nothing when its structure is broken.
std::optional<std::map<std::uint16_t, std::string>> parse_group(std::string_view group) {
    std::map<std::uint16_t, std::string> values;
    while (!group.empty()) {
        if (group.size() < 8 || little_endian(group.substr(0, 2)) != 0x0002) return std::nullopt;
        const auto element = static_cast<std::uint16_t>(little_endian(group.substr(2, 2)));
        const bool is_long = group.substr(4, 2) == "OB";
        const std::size_t head = is_long ? 12 : 8;
        if (group.size() < head) return std::nullopt;
        const std::size_t length = little_endian(is_long ? group.substr(8, 4) : group.substr(6, 2));
        if (length > group.size() - head) return std::nullopt;
        values[element] = trimmed(group.substr(head, length));
        group.remove_prefix(head + length);
    }
    return values;
}

}  // namespace

std::vector<unsigned char> encode_file_meta(const FileMeta& meta) {
    MetaWriter group;
    group.binary(kVersion, std::string("\x00\x01", 2));
    group.uid(kSopClass, meta.sop_class_uid);
    group.uid(kSopInstance, meta.sop_instance_uid);
    group.uid(kTransferSyntax, meta.transfer_syntax_uid);
    group.uid(kImplementationClass, dicom::kImplementationClassUid);
    group.text(kImplementationVersion, "SH", dicom::kImplementationVersionName, ' ');
    group.ae_title(kSourceAe, meta.calling_ae_title);
    group.ae_title(kSendingAe, meta.calling_ae_title);
    group.ae_title(kReceivingAe, meta.called_ae_title);
    // The peer's numeric address, which routes may ask for: private information under our own UID.
    group.uid(kPrivateCreator, dicom::kImplementationClassUid);
    group.binary(kPrivateInformation, meta.peer);

    MetaWriter head;
    head.group_length(group.bytes().size());
    std::vector<unsigned char> file(kPrefixEnd + head.bytes().size() + group.bytes().size(), 0);
    auto next = file.begin() + kPreamble;
    next = std::copy_n("DICM", 4, next);
    next = std::copy(head.bytes().begin(), head.bytes().end(), next);
    std::copy(group.bytes().begin(), group.bytes().end(), next);
    return file;
}

std::optional<StoredFileMeta> read_file_meta(const std::filesystem::path& file) {
    std::ifstream input(file, std::ios::binary);
    std::array<char, kPrefixEnd + kGroupLengthElement> head{};
    if (!input.read(head.data(), head.size())) return std::nullopt;
    const std::string_view start(head.data(), head.size());
    if (start.substr(kPreamble, 4) != "DICM") return std::nullopt;
    const std::uint32_t length = little_endian(start.substr(start.size() - 4));
    if (start.substr(kPrefixEnd, 8) != std::string_view("\x02\0\0\0UL\x04\0", 8) || length > kMaxGroupLength)
        return std::nullopt;
    std::string group(length, '\0');
    if (!input.read(group.data(), static_cast<std::streamsize>(length))) return std::nullopt;
    const auto values = parse_group(group);
    if (!values) return std::nullopt;
    const auto value = [&values](Element element) {
        const auto found = values->find(element);
        return found == values->end() ? std::string() : found->second;
    };
    StoredFileMeta stored;
    stored.meta = {value(kSopClass),  value(kSopInstance), value(kTransferSyntax),
                   value(kSendingAe), value(kReceivingAe), value(kPrivateInformation)};
    stored.length = start.size() + length;
    return stored;
}

}  // namespace calcnode::service
