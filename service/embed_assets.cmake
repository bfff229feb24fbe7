# Writes OUTPUT: a C++ file with every file of FOLDER as bytes (service/http_assets.h).
file(GLOB FILES ${FOLDER}/*)
list(SORT FILES)
set(ARRAYS "")
set(ROWS "")
set(NUMBER 0)
foreach(FILE ${FILES})
  get_filename_component(NAME ${FILE} NAME)
  get_filename_component(ENDING ${FILE} LAST_EXT)
  set(PATH "/assets/${NAME}")
  if(NAME STREQUAL "index.html")
    set(PATH "/")
  elseif(NAME STREQUAL "openapi.json")
    set(PATH "/api/v1/openapi.json")
  endif()
  if(ENDING STREQUAL ".html")
    set(TYPE "text/html; charset=utf-8")
  elseif(ENDING STREQUAL ".js")
    set(TYPE "text/javascript; charset=utf-8")
  elseif(ENDING STREQUAL ".css")
    set(TYPE "text/css; charset=utf-8")
  elseif(ENDING STREQUAL ".svg")
    set(TYPE "image/svg+xml")
  elseif(ENDING STREQUAL ".json")
    set(TYPE "application/json")
  else()
    message(FATAL_ERROR "${FILE}: its media type is not known here")
  endif()
  file(READ ${FILE} BYTES HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," BYTES "${BYTES}")
  string(APPEND ARRAYS "constexpr unsigned char kFile${NUMBER}[] = {${BYTES}0};\n")
  string(APPEND ROWS "    asset(\"${PATH}\", \"${TYPE}\", kFile${NUMBER}),\n")
  math(EXPR NUMBER "${NUMBER} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"service/http_assets.h\"

#include <cstddef>

namespace calcnode::service {

namespace {

template <std::size_t N>
HttpAsset asset(std::string_view path, std::string_view type, const unsigned char (&bytes)[N]) {
    return {path, type, {reinterpret_cast<const char*>(bytes), N - 1}};
}

${ARRAYS}
const HttpAsset kAssets[] = {
${ROWS}};

}  // namespace

const HttpAsset* find_asset(std::string_view path) {
    for (const HttpAsset& one : kAssets)
        if (one.path == path) return &one;
    return nullptr;
}

}  // namespace calcnode::service
")
