#include "service/receiver.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include "dicom/library.h"
#include "journal_fixture.h"
#include "receiver_fixture.h"
#include "service/receiver_meta.h"

namespace calcnode::service {
namespace {

namespace fs = std::filesystem;
using dicom::StoreStatus;

class ReceiverTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        static const bool initialised = [] {
            dicom::initialise_library();
            return true;
        }();
        ASSERT_TRUE(initialised);
    }

    ReceiverTest() {
        config_.journal.url = "sqlite://" + (folder_.path() / "journal.db").string();
        config_.destinations["pacs"] = {"PACS", "127.0.0.1", 104};
        config_.routes.push_back({"everything", {}, {"pacs"}});
        writer_.emplace(config_.journal.url);
        previous_logger_ = spdlog::default_logger();
        spdlog::set_default_logger(
            std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log_)));
    }
    ~ReceiverTest() override { spdlog::set_default_logger(previous_logger_); }

    static dicom::StoreRequest request(const SampleImage& image = {}) {
        dicom::StoreRequest request;
        request.peer = {"10.0.0.7", "MODALITY", "CALCNODE"};
        request.sop_class_uid = image.sop_class_uid;
        request.sop_instance_uid = image.sop_instance_uid;
        request.transfer_syntax_uid = "1.2.840.10008.1.2.1";
        return request;
    }
    dicom::StoreAnswer store(const SampleImage& image) { return store(request(image), encode(image)); }
    dicom::StoreAnswer store(const dicom::StoreRequest& command, std::vector<unsigned char> dataset) {
        PieceStream stream(std::move(dataset));
        return Receiver(config_, spool_, *writer_).store(command, stream);
    }
    Journal journal() const { return Journal::open(config_.journal.url); }
    std::size_t spool_files() const {
        std::size_t count = 0;
        for (const auto& entry : fs::recursive_directory_iterator(spool_.root()))
            if (entry.is_regular_file()) ++count;
        return count;
    }
    /// A file as a crash between its commit and its journal row leaves it.
    fs::path leave_unrecorded(const SampleImage& image = {}) const {
        SpoolFile file = spool_.create_instance();
        file.write(encode_file_meta({image.sop_class_uid, image.sop_instance_uid, "1.2.840.10008.1.2.1",
                                     "MODALITY", "CALCNODE", "10.0.0.7"}));
        file.write_digested(encode(image));
        return file.commit();
    }

    TemporaryFolder folder_;
    config::Config config_;
    Spool spool_{folder_.path() / "spool"};
    std::optional<JournalWriter> writer_;
    std::ostringstream log_;
    std::shared_ptr<spdlog::logger> previous_logger_;  // shared with spdlog's registry
};

TEST_F(ReceiverTest, KeepsTheBytesAsTheyCame) {
    const SampleImage image;
    EXPECT_EQ(store(image).status, StoreStatus::success);
    const auto studies = journal().open_studies();
    ASSERT_EQ(studies.size(), 1u);
    const ReceivedInstance& instance = studies[0].instances.at(0).instance;
    EXPECT_EQ(studies[0].study_instance_uid, image.study_instance_uid);
    EXPECT_EQ(instance.header.laterality, pipeline::Laterality::left);
    EXPECT_EQ(instance.header.view, pipeline::View::cc);
    EXPECT_EQ(instance.header.transfer_syntax_uid, "1.2.840.10008.1.2.1");
    EXPECT_EQ(instance.destinations, std::vector<std::string>{"pacs"});
    EXPECT_EQ(instance.calling_ae_title, "MODALITY");
    EXPECT_EQ(instance.called_ae_title, "CALCNODE");
    EXPECT_EQ(instance.peer, "10.0.0.7");
    EXPECT_EQ(instance.bytes, fs::file_size(spool_.absolute(instance.path)));

    std::ifstream file(spool_.absolute(instance.path), std::ios::binary);
    const std::vector<unsigned char> stored{std::istreambuf_iterator<char>(file), {}};
    const std::vector<unsigned char> sent = encode(image);
    ASSERT_GT(stored.size(), sent.size());
    EXPECT_TRUE(std::equal(sent.rbegin(), sent.rend(), stored.rbegin()));
    const auto meta = read_file_meta(spool_.absolute(instance.path));
    ASSERT_TRUE(meta);
    EXPECT_EQ(meta->length + sent.size(), stored.size());
    EXPECT_EQ(instance.digest, spool_.digest(instance.path, meta->length));
}

TEST_F(ReceiverTest, LogsTheInstanceWithoutThePatient) {
    store({});
    EXPECT_NE(log_.str().find("instance_stored"), std::string::npos);
    EXPECT_NE(log_.str().find("sop_instance_uid=1.2.3.1"), std::string::npos);
    EXPECT_EQ(log_.str().find("Secret"), std::string::npos);
}

TEST_F(ReceiverTest, ARepeatedInstanceLeavesOneFile) {
    store({});
    EXPECT_EQ(store({}).status, StoreStatus::success);
    EXPECT_EQ(spool_files(), 1u);
    EXPECT_EQ(journal().counts().instances, 1);
}

TEST_F(ReceiverTest, ADifferingInstanceIsKeptAsAVariant) {
    store({});
    SampleImage other;
    other.pixel_bytes = 5002;
    EXPECT_EQ(store(other).status, StoreStatus::success);
    EXPECT_EQ(spool_files(), 2u);
    EXPECT_EQ(journal().counts().instances, 1);
    EXPECT_EQ(journal().counts().variants, 1);
    EXPECT_NE(log_.str().find("as=differing"), std::string::npos);
}

TEST_F(ReceiverTest, OtherClassesAreForwardedNotAnalysed) {
    SampleImage image;
    image.sop_class_uid = "1.2.840.10008.5.1.4.1.1.7";
    EXPECT_EQ(store(image).status, StoreStatus::success);
    EXPECT_TRUE(journal().open_studies().empty());
    EXPECT_EQ(journal().counts().deliveries_pending, 1);
}

TEST_F(ReceiverTest, ForProcessingIsAnalysed) {
    SampleImage image;
    image.sop_class_uid = "1.2.840.10008.5.1.4.1.1.1.2.1";
    EXPECT_EQ(store(image).status, StoreStatus::success);
    EXPECT_EQ(journal().open_studies().at(0).instances.at(0).instance.header.intent,
              pipeline::Intent::processing);
}

TEST_F(ReceiverTest, RoutesByTheHeaderAndThePeer) {
    config::RouteMatch match;
    match.station_name = {"ROOM*"};
    match.peer = {"10.0.*"};
    match.calling_ae_title = {"MODALITY"};
    config_.routes.insert(config_.routes.begin(), {"room", match, {"viewer", "pacs"}});
    store({});
    EXPECT_EQ(journal().open_studies().at(0).instances.at(0).instance.destinations,
              (std::vector<std::string>{"viewer", "pacs"}));
}

TEST_F(ReceiverTest, WithoutARouteItIsKeptAndSaid) {
    config_.routes.clear();
    EXPECT_EQ(store({}).status, StoreStatus::success);
    EXPECT_TRUE(journal().open_studies().at(0).instances.at(0).instance.destinations.empty());
    EXPECT_NE(log_.str().find("no_route"), std::string::npos);
}

TEST_F(ReceiverTest, RefusesABrokenDataSet) {
    std::vector<unsigned char> cut = encode({});
    cut.resize(cut.size() - 1000);
    const auto answer = store(request(), cut);
    EXPECT_EQ(answer.status, StoreStatus::cannot_understand);
    EXPECT_FALSE(answer.comment.empty());
    EXPECT_EQ(store(request(), std::vector<unsigned char>(500, 0xff)).status, StoreStatus::cannot_understand);
    EXPECT_EQ(store(request(), {}).status, StoreStatus::cannot_understand);
    EXPECT_EQ(spool_files(), 0u);
    EXPECT_EQ(journal().counts().instances, 0);
    EXPECT_NE(log_.str().find("instance_refused status=C000"), std::string::npos);
}

TEST_F(ReceiverTest, RefusesADataSetThatIsNotTheCommands) {
    dicom::StoreRequest command = request();
    command.sop_instance_uid = "1.2.3.99";
    EXPECT_EQ(store(command, encode({})).status, StoreStatus::dataset_does_not_match_class);
    command = request();
    command.sop_class_uid = "1.2.840.10008.5.1.4.1.1.7";
    EXPECT_EQ(store(command, encode({})).status, StoreStatus::dataset_does_not_match_class);
    EXPECT_EQ(spool_files(), 0u);
    EXPECT_EQ(journal().counts().instances, 0);
}

TEST_F(ReceiverTest, RefusesIdentifiersThatAreNone) {
    SampleImage image;
    image.study_instance_uid = "../../etc";
    EXPECT_EQ(store(image).status, StoreStatus::cannot_understand);
    image = {};
    image.series_instance_uid = std::string(66, '1');
    EXPECT_EQ(store(image).status, StoreStatus::cannot_understand);
    EXPECT_EQ(spool_files(), 0u);
}

TEST_F(ReceiverTest, APeerThatGoesAwayLeavesNothing) {
    PieceStream stream(encode({}), 2000);
    EXPECT_THROW(Receiver(config_, spool_, *writer_).store(request(), stream), dicom::Error);
    EXPECT_EQ(spool_files(), 0u);
    EXPECT_EQ(journal().counts().instances, 0);
}

TEST_F(ReceiverTest, AnswersOutOfResourcesWhenTheSpoolFails) {
    fs::remove_all(spool_.root() / "instances");
    std::ofstream(spool_.root() / "instances") << "in the way";
    EXPECT_EQ(store({}).status, StoreStatus::out_of_resources);
    EXPECT_EQ(journal().counts().instances, 0);
}

TEST_F(ReceiverTest, AnswersOutOfResourcesWhenTheJournalFails) {
    *connect(parse_journal_url(config_.journal.url)) << "alter table instance rename to away";
    EXPECT_EQ(store({}).status, StoreStatus::out_of_resources);
    EXPECT_EQ(spool_files(), 0u);
    *connect(parse_journal_url(config_.journal.url)) << "alter table away rename to instance";
    EXPECT_EQ(store({}).status, StoreStatus::success);
}

TEST_F(ReceiverTest, TakesInstancesFromManyAssociations) {
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread)
        threads.emplace_back([this, thread] {
            for (int i = 0; i < 5; ++i) {
                SampleImage image;
                image.sop_instance_uid = "1.2.3." + std::to_string(thread) + "." + std::to_string(i);
                EXPECT_EQ(store(image).status, StoreStatus::success);
            }
        });
    for (std::thread& thread : threads)
        thread.join();
    EXPECT_EQ(journal().open_studies().at(0).instances.size(), 40u);
}

TEST_F(ReceiverTest, ReconciliationAdoptsWhatWasNotRecorded) {
    const fs::path path = leave_unrecorded();
    EXPECT_EQ(reconcile_spool(config_, spool_, *writer_), 1);
    const ReceivedInstance adopted = journal().open_studies().at(0).instances.at(0).instance;
    EXPECT_EQ(adopted.path, path);
    EXPECT_EQ(adopted.calling_ae_title, "MODALITY");
    EXPECT_EQ(adopted.called_ae_title, "CALCNODE");
    EXPECT_EQ(adopted.peer, "10.0.0.7");
    EXPECT_EQ(adopted.destinations, std::vector<std::string>{"pacs"});
    EXPECT_EQ(reconcile_spool(config_, spool_, *writer_), 0);
    EXPECT_EQ(store({}).status, StoreStatus::success) << "sent again: the same digest";
    EXPECT_EQ(spool_files(), 1u);
}

TEST_F(ReceiverTest, ReconciliationLeavesWhatIsRecorded) {
    store({});
    EXPECT_EQ(reconcile_spool(config_, spool_, *writer_), 0);
    EXPECT_EQ(spool_files(), 1u);
}

TEST_F(ReceiverTest, ReconciliationDropsTwins) {
    store({});
    leave_unrecorded();
    EXPECT_EQ(reconcile_spool(config_, spool_, *writer_), 0);
    EXPECT_EQ(spool_files(), 1u);
    EXPECT_EQ(journal().counts().instances, 1);
}

TEST_F(ReceiverTest, ReconciliationDropsWhatCannotBeRead) {
    const fs::path broken = leave_unrecorded();
    fs::resize_file(spool_.absolute(broken), fs::file_size(spool_.absolute(broken)) - 100);
    std::ofstream(spool_.absolute(broken).parent_path() / "foreign.dcm") << "not ours";
    std::ofstream(spool_.absolute(broken).parent_path() / "half.dcm.part") << "half";
    EXPECT_EQ(reconcile_spool(config_, spool_, *writer_), 0);
    EXPECT_EQ(spool_files(), 0u);
    EXPECT_EQ(journal().counts().instances, 0);
}

TEST_F(ReceiverTest, ReconciliationLeavesAFileThatAnotherHolds) {
    const fs::path path = leave_unrecorded();
    const auto held = spool_.try_lock(path);
    EXPECT_EQ(reconcile_spool(config_, spool_, *writer_), 0);
    EXPECT_EQ(spool_files(), 1u);
    EXPECT_EQ(journal().counts().instances, 0);
}

TEST_F(ReceiverTest, ReconciliationSaysWhatIsMissing) {
    store({});
    spool_.remove(journal().open_studies().at(0).instances.at(0).instance.path);
    reconcile_spool(config_, spool_, *writer_);
    EXPECT_NE(log_.str().find("spool_file_missing"), std::string::npos);
}

TEST(FileMetaInformation, IsReadBack) {
    const TemporaryFolder folder;
    const FileMeta meta{
        "1.2.840.10008.5.1.4.1.1.1.2", "1.2.3", "1.2.840.10008.1.2.4.70", "MODALITY", "CALCNODE", "fe80::1"};
    const auto bytes = encode_file_meta(meta);
    EXPECT_EQ(bytes.size() % 2, 0u);
    const fs::path path = folder.path() / "file";
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    const auto stored = read_file_meta(path);
    ASSERT_TRUE(stored);
    EXPECT_EQ(stored->length, bytes.size());
    EXPECT_EQ(stored->meta.sop_class_uid, meta.sop_class_uid);
    EXPECT_EQ(stored->meta.sop_instance_uid, meta.sop_instance_uid);
    EXPECT_EQ(stored->meta.transfer_syntax_uid, meta.transfer_syntax_uid);
    EXPECT_EQ(stored->meta.calling_ae_title, meta.calling_ae_title);
    EXPECT_EQ(stored->meta.called_ae_title, meta.called_ae_title);
    EXPECT_EQ(stored->meta.peer, meta.peer);
}

TEST(FileMetaInformation, IsNotSeenWhereItIsCutOff) {
    const TemporaryFolder folder;
    const auto bytes = encode_file_meta({"1.2", "1.2.3", "1.2.840.10008.1.2", "A", "B", "10.0.0.1"});
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const fs::path path = folder.path() / "file";
        std::ofstream(path, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(size));
        EXPECT_FALSE(read_file_meta(path)) << size;
    }
}

}  // namespace
}  // namespace calcnode::service
