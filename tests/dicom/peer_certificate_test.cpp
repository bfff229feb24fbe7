// Which AE titles a certificate may call with.
#include "dicom/peer_certificate.h"

#include <gtest/gtest.h>

namespace calcnode::dicom {
namespace {

const PeerCertificate kMammo{"CN=mammo1", {"mammo1", "mammo1.example.org"}, std::string(64, 'a')};

std::string refusal(const std::vector<CertificateBinding>& bindings, const std::string& title) {
    return title_refusal(bindings, title, &kMammo, true);
}

TEST(PeerCertificate, WithoutBindingsEveryTitleMayBeUsed) {
    EXPECT_EQ(refusal({}, "ANY"), "");
    EXPECT_EQ(title_refusal({}, "ANY", nullptr, true), "");
    EXPECT_EQ(title_refusal({}, "ANY", nullptr, false), "");
}

TEST(PeerCertificate, ABindingIsByNameOrFingerprint) {
    EXPECT_EQ(refusal({{"A", "MAMMO1.example.org", ""}}, "A"), "");
    EXPECT_EQ(refusal({{"A", "", std::string(64, 'a')}}, "A"), "");
    EXPECT_EQ(refusal({{"A", "example.org", ""}}, "A"), "is bound to another certificate");
    EXPECT_EQ(refusal({{"A", "", std::string(64, 'b')}}, "A"), "is bound to another certificate");
    EXPECT_EQ(refusal({{"A", "mammo1", std::string(64, 'b')}}, "A"), "is bound to another certificate");
}

TEST(PeerCertificate, OneOfSeveralBindingsIsEnough) {
    EXPECT_EQ(refusal({{"A", "mammo9", ""}, {"A", "mammo1", ""}}, "A"), "");
}

TEST(PeerCertificate, WithBindingsUnlistedTitlesAreRefusedOverTlsOnly) {
    const std::vector<CertificateBinding> bindings{{"A", "mammo1", ""}};
    EXPECT_EQ(refusal(bindings, "B"), "is bound to no certificate");
    EXPECT_EQ(title_refusal(bindings, "B", nullptr, false), "");
}

TEST(PeerCertificate, ABoundTitleNeedsTheCertificate) {
    const std::vector<CertificateBinding> bindings{{"A", "mammo1", ""}};
    EXPECT_EQ(title_refusal(bindings, "A", nullptr, true),
              "is bound to a certificate, and the peer showed none");
    EXPECT_EQ(title_refusal(bindings, "A", nullptr, false),
              "is bound to a certificate, and this is no TLS connection");
}

}  // namespace
}  // namespace calcnode::dicom
