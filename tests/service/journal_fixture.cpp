#include "journal_fixture.h"

#include <cstdlib>
#include <random>

#include <unistd.h>

namespace calcnode::service {

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "calcnode-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void JournalTest::SetUp() {
    if (!on_postgresql()) {
        url_ = "sqlite://" + (folder_.path() / "journal.db").string();
        return;
    }
    const char* base = std::getenv("CALCNODE_TEST_POSTGRES_URL");
    if (base == nullptr) GTEST_SKIP() << "CALCNODE_TEST_POSTGRES_URL is not set";
    base_url_ = base;
    schema_ = "test_" + std::to_string(::getpid()) + "_" + std::to_string(std::random_device{}());
    *connect(parse_journal_url(base_url_)) << "create schema " + schema_;
    url_ = base_url_ + (base_url_.find('?') == std::string::npos ? "?" : "&") + "options=-csearch_path%3D" +
           schema_ + "&application_name=" + schema_;
}

void JournalTest::TearDown() {
    if (!schema_.empty()) *connect(parse_journal_url(base_url_)) << "drop schema " + schema_ + " cascade";
}

void JournalTest::break_connections() const {
    int ended = 0;
    *connect(parse_journal_url(base_url_)) << "select count(pg_terminate_backend(pid, 5000)) from "
                                              "pg_stat_activity where application_name = :name",
        soci::use(schema_), soci::into(ended);
    ASSERT_GT(ended, 0);
}

Time at(long long milliseconds) {
    return Time(Duration(1'770'000'000'000 + milliseconds));
}

ReceivedInstance sample_instance(const std::string& study, const std::string& sop) {
    ReceivedInstance instance;
    instance.path = "instances/20260201/" + sop + ".dcm";
    instance.header.sop_class_uid = "1.2.840.10008.5.1.4.1.1.1.2";
    instance.header.sop_instance_uid = sop;
    instance.header.study_instance_uid = study;
    instance.header.series_instance_uid = study + ".1";
    instance.header.transfer_syntax_uid = "1.2.840.10008.1.2.1";
    instance.header.modality = "MG";
    instance.header.laterality = pipeline::Laterality::left;
    instance.header.view = pipeline::View::cc;
    instance.bytes = 1000;
    instance.digest = "digest-of-" + sop;
    instance.calling_ae_title = "MODALITY";
    instance.called_ae_title = "CALCNODE";
    instance.peer = "10.0.0.7";
    instance.destinations = {"pacs"};
    instance.received = at(0);
    return instance;
}

ReceivedInstance in_file(ReceivedInstance instance, const std::string& path) {
    instance.path = path;
    return instance;
}

Acceptance record_one(Journal& journal, const ReceivedInstance& instance) {
    return journal.record({&instance, 1}).at(0);
}

int close_all(Journal& journal, Time now) {
    int closed = 0;
    for (const OpenStudy& study : journal.open_studies()) {
        std::vector<JobImage> images;
        for (const StoredInstance& stored : study.instances)
            images.push_back(
                {stored.id, stored.instance.path, stored.instance.header.sop_instance_uid, true, ""});
        if (journal.close_study(study, images, {"pacs"}, "complete", now)) ++closed;
    }
    return closed;
}

ResultToRecord sample_result(const std::string& sop, const std::vector<std::string>& destinations) {
    ResultToRecord result;
    result.object.path = "results/1/" + sop + ".dcm";
    result.object.sop_class_uid = "1.2.840.10008.5.1.4.1.1.88.50";
    result.object.sop_instance_uid = sop;
    result.object.series_instance_uid = "1.99";
    result.object.transfer_syntax_uid = "1.2.840.10008.1.2.1";
    result.object.kind = dicom::ResultKind::cad_sr;
    result.destinations = destinations;
    return result;
}

}  // namespace calcnode::service
