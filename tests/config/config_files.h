// A configuration file in a folder of its own, for one test.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

namespace calcnode::config {

class ConfigFile {
  public:
    explicit ConfigFile(const std::string& text) {
        std::string name = (std::filesystem::temp_directory_path() / "calcnode-config-XXXXXX").string();
        if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
        folder_ = name;
        std::ofstream(path()) << text;
    }
    ~ConfigFile() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }
    ConfigFile(const ConfigFile&) = delete;
    ConfigFile& operator=(const ConfigFile&) = delete;

    std::filesystem::path path() const { return folder_ / "c.yaml"; }

  private:
    std::filesystem::path folder_;
};

}  // namespace calcnode::config
