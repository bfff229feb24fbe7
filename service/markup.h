// Text into HTML and XML. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

namespace calcnode::service {

/// `text` as it may stand in an element or in a quoted attribute: & < > " as entities, all else as it is.
std::string escaped_markup(std::string_view text);

}  // namespace calcnode::service
