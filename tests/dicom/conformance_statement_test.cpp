// deploy/conformance.md says of SOP classes and transfer syntaxes what the code does.
#include <map>
#include <set>
#include <string>
#include <vector>

#include <dcmtk/dcmdata/dcdeftag.h>
#include <dcmtk/dcmdata/dcuid.h>
#include <gtest/gtest.h>

#include "dicom/associate_writer.h"
#include "dicom/association_negotiation.h"
#include "dicom/implementation.h"
#include "dicom/transfer_syntax.h"
#include "dicom/uid.h"
#include "tests/dicom/result_fixture.h"
#include "tests/support/markdown_table.h"

namespace calcnode::dicom {
namespace {

using support::read_table;
using support::Row;

constexpr const char* kStatement = "deploy/conformance.md";

std::vector<std::string> column(const std::vector<Row>& rows, std::size_t index) {
    std::vector<std::string> values;
    for (const Row& row : rows)
        values.push_back(row.at(index));
    return values;
}

/// UIDs of Table 1-1 with "yes" in this column.
std::set<std::string> classes_with_yes(std::size_t index) {
    std::set<std::string> uids;
    for (const Row& row : read_table(kStatement, "Table 1-1.")) {
        EXPECT_TRUE(row.at(index) == "yes" || row.at(index) == "no") << row.at(0);
        if (row.at(index) == "yes") uids.insert(row.at(1));
    }
    return uids;
}

constexpr std::size_t kUser = 2;
constexpr std::size_t kProvider = 3;

/// The transfer syntax that is accepted for a class when these are proposed; "" when none is.
std::string accepted(const std::string& abstract_syntax, const std::vector<std::string>& proposed) {
    AssociateRequest request;
    request.protocol_version_1 = true;
    request.application_context = kApplicationContextName;
    request.contexts = {{.id = 1, .abstract_syntax = abstract_syntax, .transfer_syntaxes = proposed}};
    AssociationPolicy policy;
    policy.commitment_requests = true;
    policy.commitment_reports = true;
    const Negotiation negotiation = negotiate(request, policy);
    const auto context = negotiation.contexts.find(1);
    return context == negotiation.contexts.end() ? "" : context->second.transfer_syntax;
}

/// Every SOP class that DCMTK knows by name, as a peer may propose it.
std::set<std::string> known_classes() {
    std::set<std::string> uids{kVerification, kStorageCommitmentPushModel};
    for (int index = 0; index < numberOfDcmAllStorageSOPClassUIDs; ++index)
        uids.insert(dcmAllStorageSOPClassUIDs[index]);
    return uids;
}

TEST(ConformanceStatement, ProvidesTheClassesThatAreNegotiated) {
    std::set<std::string> negotiated;
    for (const std::string& uid : known_classes()) {
        if (!accepted(uid, {kImplicitLittleEndian}).empty()) negotiated.insert(uid);
    }
    EXPECT_EQ(classes_with_yes(kProvider), negotiated);
}

TEST(ConformanceStatement, AcceptsTheTransferSyntaxesInTheirOrder) {
    const auto syntaxes = column(read_table(kStatement, "Table 3-4."), 1);
    const auto ours = input_transfer_syntaxes();
    EXPECT_EQ(syntaxes, std::vector<std::string>(ours.begin(), ours.end()));
    for (std::size_t first = 0; first < syntaxes.size(); ++first) {
        std::vector<std::string> proposed(syntaxes.rbegin(), syntaxes.rend() - static_cast<long>(first));
        EXPECT_EQ(accepted(kMammographyForProcessing, proposed), syntaxes[first]);
    }
}

TEST(ConformanceStatement, WritesTheKindsOfObjectsOfTable7) {
    fixture::Study study;
    ImageResult& image = study.add();
    fixture::add_cluster(image, 3);
    image.key_image = {.rows = 2, .columns = 2, .rgb = std::vector<std::uint8_t>(12)};
    image.findings.probability =
        pipeline::Image<std::uint8_t>(image.findings.labels.rows, image.findings.labels.columns);
    image.findings.probability.at(3, 4) = 200;
    study.options.kinds = {kAllResultKinds.begin(), kAllResultKinds.end()};
    using Kind = std::vector<std::string>;  // name, SOP class, Modality, Series Number
    std::set<Kind> written;
    std::set<std::string> classes{kStorageCommitmentPushModel};
    for (const ResultObject& object : study.write()) {
        const auto file = fixture::load(object);
        DcmDataset& dataset = *file->getDataset();
        written.insert({to_string(object.kind), object.sop_class_uid, fixture::value(dataset, DCM_Modality),
                        fixture::value(dataset, DCM_SeriesNumber)});
        EXPECT_EQ(object.transfer_syntax_uid, kExplicitLittleEndian);
        classes.insert(object.sop_class_uid);
    }
    std::set<Kind> stated;
    for (const Row& row : read_table(kStatement, "Table 7-1."))
        stated.insert({row.at(0), row.at(2), row.at(4), row.at(5)});
    EXPECT_EQ(stated, written);
    EXPECT_EQ(written.size(), kAllResultKinds.size());
    EXPECT_EQ(classes_with_yes(kUser), classes);
}

TEST(ConformanceStatement, NamesTheImplementation) {
    std::map<std::string, std::string> general;
    for (const Row& row : read_table(kStatement, "Table 3-1."))
        general[row.at(0)] = row.at(1);
    EXPECT_EQ(general["Implementation Class UID"], kImplementationClassUid);
    EXPECT_EQ(general["Implementation Version Name"], kImplementationVersionName);
    EXPECT_EQ(general["application context"], kApplicationContextName);
}

}  // namespace
}  // namespace calcnode::dicom
