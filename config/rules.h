// What a text of the configuration must look like. Each returns what is wrong with it, or an empty string.
// Pure functions; internal to config/.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace calcnode::config {

std::string any_text(const std::string& text);
std::string not_empty(const std::string& text);
/// 1 to 16 characters of the default repertoire without backslash and control characters, not only spaces:
/// PS3.5 6.2, AE.
std::string ae_title(const std::string& text);
/// Leading and trailing spaces of an AE title mean nothing (PS3.5 6.2): without them.
std::string trimmed(const std::string& text);
/// Dotted numbers without leading zeros, at most 64 characters: PS3.5 9.1.
std::string uid(const std::string& text);
/// At most 64 characters without backslash and control characters: PS3.5 6.2, LO.
std::string long_string(const std::string& text);
std::string required_long_string(const std::string& text);
std::string ip_address(const std::string& text);
/// An address, or a block such as 10.1.2.0/24.
std::string ip_block(const std::string& text);
/// A name or an address, as getaddrinfo takes it.
std::string host(const std::string& text);
/// "L-CC": laterality and view (PS3.16 CID 4014).
std::string exam_view(const std::string& text);
/// Never repeats the URL: it may hold a password.
std::string journal_location(const std::string& text);
/// The name of one folder: no slash, not "." or "..".
std::string folder_name(const std::string& text);
/// The one of `known` that `word` may be a mistyping of; empty when it is none.
std::string_view nearest_word(std::string_view word, const std::vector<std::string_view>& known);
/// One of `known`.
std::string known_word(const std::string& text, const std::vector<std::string_view>& known);
/// Letters, digits, - and _.
std::string plain_name(const std::string& text);

}  // namespace calcnode::config
