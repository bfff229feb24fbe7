// How the values of types.h stand in the journal's columns. Pure functions; used by journal_*.cpp only.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "dicom/commitment.h"
#include "service/types.h"

namespace calcnode::service {

inline long long to_database(Time time) {
    return time.time_since_epoch().count();
}
inline Time from_database(long long milliseconds) {
    return Time(Duration(milliseconds));
}

/// Text from a peer made fit for a text column and for a log line: printable ASCII, others as '?', at most
/// `limit` long.
std::string printable(std::string_view text, std::size_t limit);

// JSON in ASCII. Decoders take what an older version wrote: a key that is missing gives the field's default.
// They throw JournalError when the text is no JSON of ours.
std::string encode_header(const dicom::InstanceHeader& header);
dicom::InstanceHeader decode_header(const std::string& text);

std::string encode_names(const std::vector<std::string>& names);
std::vector<std::string> decode_names(const std::string& text);

std::string encode_report(const dicom::CommitmentReport& report);
dicom::CommitmentReport decode_report(const std::string& text);

std::string encode_stages(const StageTimes& stages);  // empty for none
StageTimes decode_stages(const std::string& text);

std::string encode_images(const std::vector<JobImage>& images);
std::vector<JobImage> decode_images(const std::string& text);

}  // namespace calcnode::service
