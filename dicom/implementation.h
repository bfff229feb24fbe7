// Who we are to other implementations: in each A-ASSOCIATE-RQ and -AC (PS3.7 D.3.3.2) and in the meta
// information of what we write (PS3.10 7.1).
#pragma once

namespace calcnode::dicom {

/// A UUID made once, as PS3.5 B.2 has it.
inline constexpr const char* kImplementationClassUid = "2.25.95180839927068604265626684444429566103";
inline constexpr const char* kImplementationVersionName = "CALCNODE_0_1";

}  // namespace calcnode::dicom
