#include "tests/fuzz/input_file.h"

#include <cstdio>
#include <cstdlib>
#include <string>

#include <sys/mman.h>
#include <unistd.h>

namespace calcnode::fuzz {

InputFile::InputFile(Bytes input)
    : fd_(::memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {
    while (!input.empty()) {
        const ssize_t count = ::write(fd_, input.data(), input.size());
        if (count <= 0) {
            std::perror("memfd");
            std::abort();
        }
        input = input.subspan(static_cast<std::size_t>(count));
    }
}

InputFile::~InputFile() {
    ::close(fd_);
}

}  // namespace calcnode::fuzz
