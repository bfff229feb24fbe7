// Fail points: named places between two durable steps at which a test makes the process die, hang, or have a
// system call fail. Only with the CMake option CALCNODE_FAIL_POINTS; a release build holds neither the calls
// nor the names (tests/layering). Any thread. Include it in .cpp files only: tests/crash compiles exactly
// those once more.
//
// Armed by the environment, which worker processes inherit:
//   CALCNODE_FAIL_POINTS        RULE[;RULE]..., RULE = NAME[@SUBJECT][:FIRST[-[LAST]]][=ACTION]
//   CALCNODE_FAIL_POINT_MARKS   a folder: each rule acts once among all processes that share it, when it can
//   make the
//                               file NAME there; without it, in each process anew
// FIRST and LAST count the process's passes of this name (and subject), from 1; `3` is the third only, `3-`
// all from the third on; default: the first. ACTION: kill (default), abort, spin (burns processor time for
// ever), hang, hog (takes memory until there is none), or the name of an error: EIO, ENOSPC, EROFS.
#pragma once

#include <string_view>

namespace calcnode::dicom {

#ifdef CALCNODE_FAIL_POINTS

/// Does what the environment arms for `name`. `subject` is what is being worked on (a UID), so that a rule
/// may mean one thing among many. True, with errno set, when the caller is to behave as if its system call
/// had failed. A rule that cannot be read ends the process with a line that says why.
bool fail_point(std::string_view name, std::string_view subject = {});

#else

inline constexpr bool fail_point(std::string_view /*name*/, std::string_view /*subject*/ = {}) {
    return false;
}

#endif

}  // namespace calcnode::dicom
