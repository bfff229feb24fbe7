// The input as a file without a name on any disk, for parsers that take a path.
#pragma once

#include <filesystem>

#include "tests/fuzz/targets.h"

namespace calcnode::fuzz {

class InputFile {
  public:
    explicit InputFile(Bytes input);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    const std::filesystem::path& path() const { return path_; }

  private:
    int fd_;
    std::filesystem::path path_;
};

}  // namespace calcnode::fuzz
