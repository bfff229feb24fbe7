#include "dicom/uid.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace calcnode::dicom {
namespace {

// RFC 9562 6.6: the DNS name space.
constexpr unsigned char kDns[16] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,
                                    0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};

TEST(Uid, Uuid5OfPythonOrgIsThePublishedOne) {
    // 886313e1-3b8a-5372-9b90-0c9aee199e5d as an integer
    EXPECT_EQ(uuid5_uid(kDns, "python.org"), "2.25.181289448026289383154478846676280385117");
}

TEST(Uid, Uuid5OfTheRfcExampleIsThePublishedOne) {
    // RFC 9562 A.4: www.example.com in DNS is 2ed6657d-e927-568b-95e1-2665a8aea6a2
    EXPECT_EQ(uuid5_uid(kDns, "www.example.com"), "2.25.62257697832880430461588949038000940706");
}

TEST(Uid, DeterministicUidsAreLegalAndRepeatable) {
    const std::string first = deterministic_uid({"seg.instance", "1.2.3", "digest"});
    EXPECT_TRUE(is_legal_uid(first)) << first;
    EXPECT_EQ(first, deterministic_uid({"seg.instance", "1.2.3", "digest"}));
    EXPECT_EQ(first.rfind("2.25.", 0), 0u);
}

TEST(Uid, DeterministicUidsOfAnInstalledNodeNeverChange) {
    // Objects in the field carry these: this value may not change with a release.
    EXPECT_EQ(deterministic_uid({"seg.instance", "1.2.3"}), "2.25.314551420482688581926274132784528844861");
}

TEST(Uid, PartsAreKeptApart) {
    const std::set<std::string> uids = {
        deterministic_uid({"ab", "c"}), deterministic_uid({"a", "bc"}), deterministic_uid({"abc"}),
        deterministic_uid({"abc", ""}), deterministic_uid({"", "abc"}), deterministic_uid({}),
        deterministic_uid({""}),        deterministic_uid({"2:ab1:c"}),
    };
    EXPECT_EQ(uids.size(), 8u);
}

TEST(Uid, LegalOnesAreAccepted) {
    EXPECT_TRUE(is_legal_uid(kMammographyForPresentation));
    EXPECT_TRUE(is_legal_uid("1.2.0.3"));
    EXPECT_TRUE(is_legal_uid("2.25.0"));
    EXPECT_TRUE(is_legal_uid("1." + std::string(62, '9')));
}

TEST(Uid, IllegalOnesAreRefused) {
    const std::string illegal[] = {"",
                                   ".",
                                   "1.",
                                   ".1",
                                   "1..2",
                                   "1.02",
                                   "01.2",
                                   "1.2.a",
                                   "1.2 ",
                                   " 1.2",
                                   "1.2\n",
                                   "1.2/3",
                                   "1.-2",
                                   std::string("1.2\0", 4),
                                   "1." + std::string(63, '9')};
    for (const std::string& uid : illegal)
        EXPECT_FALSE(is_legal_uid(uid)) << '"' << uid << '"';
}

}  // namespace
}  // namespace calcnode::dicom
