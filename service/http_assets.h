// The dashboard's files and the OpenAPI description, compiled in from web/ by CMake. Constant; any thread.
#pragma once

#include <string_view>

namespace calcnode::service {

struct HttpAsset {
    std::string_view path;  // "/", "/assets/app.js"
    std::string_view content_type;
    std::string_view content;
};

/// Null when there is none.
const HttpAsset* find_asset(std::string_view path);

}  // namespace calcnode::service
