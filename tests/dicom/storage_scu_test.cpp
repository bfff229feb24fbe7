#include "dicom/storage_scu.h"

#include <fstream>
#include <future>
#include <map>
#include <set>

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcistrmb.h>
#include <dcmtk/dcmdata/dctk.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "dicom/uid.h"
#include "tests/dicom/fake_pacs.h"
#include "tests/dicom/test_node.h"

namespace calcnode::dicom {
namespace {

using testing::FakePacs;
using testing::TestNode;
using testing::write_object;

class StorageScuTest : public ::testing::Test {
  protected:
    static void SetUpTestSuite() { testing::start_library(); }
    void SetUp() override {
        std::string name = (std::filesystem::temp_directory_path() / "calcnode-scu-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }

    OutgoingObject object(const std::string& uid, const std::string& class_uid = kSegmentationStorage) {
        return write_object(folder_, class_uid, uid);
    }

    std::filesystem::path folder_;
};

Peer peer_at(int port) {
    return {.name = "pacs",
            .ae_title = "PACS",
            .host = "127.0.0.1",
            .port = port,
            .connect_timeout = std::chrono::seconds(5),
            .response_timeout = std::chrono::seconds(5)};
}

AssociationPolicy results_policy() {
    AssociationPolicy policy;
    policy.other_storage_classes = {kSegmentationStorage, kMammographyCadSr};
    return policy;
}

/// The data set of a stored file, as bytes.
std::string dataset_bytes(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), {});
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes.at(i)); };
    return bytes.substr(144 + at(140) + 256u * at(141));  // preamble, DICM, (0002,0000) and its value
}

TEST_F(StorageScuTest, DeliversStoredBytesAndReportsEach) {
    std::map<std::string, std::string> received;
    TestNode node(results_policy(), [&](const StoreRequest& request, DatasetStream& stream) {
        received[request.sop_instance_uid] = testing::read_all(stream);
        return StoreAnswer{};
    });
    const std::vector<OutgoingObject> objects{object("1.2.1"), object("1.2.2", kMammographyCadSr),
                                              object("1.2.3")};
    std::vector<std::size_t> order;
    const auto reports =
        send_objects(peer_at(node.port()), objects, [&](std::size_t index, const DeliveryReport& one) {
            order.push_back(index);
            EXPECT_EQ(one.status, DeliveryStatus::delivered);
        });
    ASSERT_EQ(reports.size(), 3u);
    EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2}));
    for (std::size_t i = 0; i < objects.size(); ++i) {
        EXPECT_EQ(reports[i].status, DeliveryStatus::delivered) << reports[i].text;
        EXPECT_EQ(received[objects[i].sop_instance_uid], dataset_bytes(objects[i].path));
    }
    const AssociationOutcome outcome = node.outcome();  // one association for all
    EXPECT_EQ(outcome.stored, 3u);
    EXPECT_EQ(outcome.end, "released");
}

TEST_F(StorageScuTest, MapsTheStatusesOfThePeer) {
    const std::vector<std::pair<std::uint16_t, DeliveryStatus>> expected = {
        {0x0000, DeliveryStatus::delivered}, {0xB000, DeliveryStatus::delivered},
        {0xB006, DeliveryStatus::delivered}, {0xB007, DeliveryStatus::delivered},
        {0x0111, DeliveryStatus::delivered}, {0xA700, DeliveryStatus::retry},
        {0xA7FF, DeliveryStatus::retry},     {0x0213, DeliveryStatus::retry},
        {0x0110, DeliveryStatus::retry},     {0xA900, DeliveryStatus::refused},
        {0xC000, DeliveryStatus::refused},   {0x0122, DeliveryStatus::refused},
        {0x0124, DeliveryStatus::refused},
    };
    FakePacs pacs([&](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        for (const auto& [status, mapped] : expected) {
            std::string data;
            self.answer(self.take_store(data), status);
        }
        self.finish_release();
    });
    const std::vector<OutgoingObject> objects(expected.size(), object("1.2.1"));
    const auto reports = send_objects(peer_at(pacs.port()), objects);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_EQ(reports[i].dimse_status, expected[i].first);
        EXPECT_EQ(reports[i].status, expected[i].second) << std::hex << expected[i].first;
    }
}

TEST_F(StorageScuTest, ReencodesForAPeerThatOnlyTakesImplicit) {
    std::string data;
    FakePacs pacs([&](FakePacs& self) {
        self.accept({{3, kImplicitLittleEndian}});
        self.answer(self.take_store(data), 0);
        EXPECT_EQ(self.context, 3);
        self.finish_release();
    });
    const OutgoingObject one = object("1.2.1");
    const auto reports = send_objects(peer_at(pacs.port()), {one});
    EXPECT_EQ(reports[0].status, DeliveryStatus::delivered) << reports[0].text;
    ASSERT_FALSE(data.empty());
    EXPECT_NE(data, dataset_bytes(one.path));
    DcmInputBufferStream stream;
    stream.setBuffer(data.data(), static_cast<offile_off_t>(data.size()));
    stream.setEos();
    DcmDataset read;
    read.transferInit();
    ASSERT_TRUE(read.read(stream, EXS_LittleEndianImplicit).good());
    read.transferEnd();
    DcmFileFormat original;
    ASSERT_TRUE(original.loadFile(one.path.c_str()).good());
    EXPECT_EQ(read.compare(*original.getDataset()), 0);
}

TEST_F(StorageScuTest, SaysWhenAClassIsNotAccepted) {
    AssociationPolicy policy;
    policy.other_storage_classes = {kSegmentationStorage};
    TestNode node(policy, [](const StoreRequest&, DatasetStream&) { return StoreAnswer{}; });
    OutgoingObject compressed = object("1.2.3");
    compressed.transfer_syntax_uid = "1.2.840.10008.1.2.4.100";
    const auto reports =
        send_objects(peer_at(node.port()), {object("1.2.1", kMammographyCadSr), object("1.2.2"), compressed});
    EXPECT_EQ(reports[0].status, DeliveryStatus::not_accepted);
    EXPECT_EQ(reports[0].text, std::string("the peer accepts SOP class ") + kMammographyCadSr +
                                   " not in transfer syntax " + kExplicitLittleEndian);
    EXPECT_EQ(reports[1].status, DeliveryStatus::delivered) << reports[1].text;
    EXPECT_EQ(reports[2].status, DeliveryStatus::not_accepted);
}

TEST_F(StorageScuTest, TellsWhatThePeersStoreFunctionSays) {
    TestNode node(results_policy(), [](const StoreRequest& request, DatasetStream&) {
        if (request.sop_instance_uid == "1.2.1")
            return StoreAnswer{StoreStatus::cannot_understand, "Doe^Jane"};
        return StoreAnswer{StoreStatus::out_of_resources, "disk full"};
    });
    const auto reports = send_objects(peer_at(node.port()), {object("1.2.1"), object("1.2.2")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::refused);
    EXPECT_EQ(reports[0].text, "refused, status C000");  // the peer's comment may hold patient data
    EXPECT_EQ(reports[1].status, DeliveryStatus::retry);
}

TEST_F(StorageScuTest, RetriesWhenNobodyListens) {
    int port = 0;
    {
        const testing::Listener gone;
        port = gone.port();
    }
    const auto reports = send_objects(peer_at(port), {object("1.2.1"), object("1.2.2")});
    ASSERT_EQ(reports.size(), 2u);
    EXPECT_EQ(reports[1].status, DeliveryStatus::retry);
    EXPECT_EQ(reports[1].text,
              "cannot connect to 127.0.0.1 port " + std::to_string(port) + ": Connection refused");
    EXPECT_EQ(echo(peer_at(port)).status, DeliveryStatus::retry);
}

TEST_F(StorageScuTest, RetriesWhenTheHostHasNoAddress) {
    Peer peer = peer_at(104);
    peer.host = "no-such-host.invalid";
    const auto reports = send_objects(peer, {object("1.2.1")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::retry);
    EXPECT_EQ(reports[0].text.substr(0, 36), "cannot resolve no-such-host.invalid:");
}

TEST_F(StorageScuTest, RefusesAfterAPermanentRejection) {
    AssociationPolicy policy = results_policy();
    policy.called_ae_titles = {"ELSE"};
    TestNode node(policy, [](const StoreRequest&, DatasetStream&) { return StoreAnswer{}; });
    const auto reports = send_objects(peer_at(node.port()), {object("1.2.1")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::refused);
    EXPECT_EQ(reports[0].text, "association rejected (permanent): called AE title not recognised");
    EXPECT_EQ(echo(peer_at(node.port())).status, DeliveryStatus::refused);
}

TEST_F(StorageScuTest, RetriesAfterATransientRejection) {
    FakePacs pacs([](FakePacs& self) {
        const auto socket = self.take_request();
        FakePacs::write(*socket, std::string("\3\0\0\0\0\4\0\2\3\2", 10));
    });
    const auto reports = send_objects(peer_at(pacs.port()), {object("1.2.1")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::retry);
    EXPECT_EQ(reports[0].text, "association rejected (transient): local limit exceeded");
}

TEST_F(StorageScuTest, RetriesAllWhenThePeerHangs) {
    std::promise<void> sent;
    FakePacs pacs([&](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        std::string data;
        self.take_store(data);
        sent.get_future().wait();  // and no answer
    });
    Peer peer = peer_at(pacs.port());
    peer.response_timeout = std::chrono::seconds(1);
    const auto start = std::chrono::steady_clock::now();
    const auto reports = send_objects(peer, {object("1.2.1"), object("1.2.2"), object("1.2.3")});
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(1900));  // one time-out
    for (const DeliveryReport& one : reports) {
        EXPECT_EQ(one.status, DeliveryStatus::retry);
        EXPECT_EQ(one.text, "time-out: the peer was silent for 1 s");
    }
    sent.set_value();
}

TEST_F(StorageScuTest, RetriesWhenThePeerNeverAnswersTheRequest) {
    std::promise<void> sent;
    FakePacs pacs([&](FakePacs& self) {
        const auto socket = self.take_request();
        sent.get_future().wait();
    });
    Peer peer = peer_at(pacs.port());
    peer.response_timeout = std::chrono::seconds(1);
    EXPECT_EQ(send_objects(peer, {object("1.2.1")})[0].status, DeliveryStatus::retry);
    sent.set_value();
}

TEST_F(StorageScuTest, SendsTheRestOnANewAssociation) {
    FakePacs pacs([](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        std::string data;
        self.answer(self.take_store(data), 0);
        self.take_store(data);
        self.connection.reset();  // crashes at the second
        self.accept({{1, kExplicitLittleEndian}});
        self.answer(self.take_store(data), 0);
        self.finish_release();
    });
    const auto reports =
        send_objects(peer_at(pacs.port()), {object("1.2.1"), object("1.2.2"), object("1.2.3")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::delivered);
    EXPECT_EQ(reports[1].status, DeliveryStatus::retry) << reports[1].text;
    EXPECT_EQ(reports[2].status, DeliveryStatus::delivered);
}

TEST_F(StorageScuTest, TakesNoNestedSequencesFromAPeer) {
    FakePacs pacs([](FakePacs& self) {
        self.accept({{1, kExplicitLittleEndian}});
        std::string data;
        self.take_store(data);
        std::string attack;
        for (int i = 0; i < 30000; ++i) {
            attack += std::string("\x08\0\x40\x11\xFF\xFF\xFF\xFF\xFE\xFF\0\xE0\xFF\xFF\xFF\xFF", 16);
        }
        try {
            self.connection->send(
                {1, true, true, {reinterpret_cast<const unsigned char*>(attack.data()), attack.size()}});
        } catch (const Error&) {
        }
    });
    const auto reports = send_objects(peer_at(pacs.port()), {object("1.2.1")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::retry);
    EXPECT_EQ(reports[0].text, "protocol error: command set too long");
}

TEST_F(StorageScuTest, AFileThatCannotBeSentHoldsUpNoOther) {
    TestNode node(results_policy(), [](const StoreRequest&, DatasetStream&) { return StoreAnswer{}; });
    OutgoingObject gone = object("1.2.1");
    std::filesystem::remove(gone.path);
    const OutgoingObject broken = object("1.2.2");
    std::ofstream(broken.path, std::ios::trunc) << "no DICOM";
    const auto reports = send_objects(peer_at(node.port()), {gone, broken, object("1.2.3")});
    EXPECT_EQ(reports[0].status, DeliveryStatus::retry);
    EXPECT_EQ(reports[1].status, DeliveryStatus::refused);
    EXPECT_EQ(reports[2].status, DeliveryStatus::delivered);
    EXPECT_EQ(node.outcome().stored, 1u);
}

TEST_F(StorageScuTest, SplitsWhatNeedsMoreThan128Contexts) {
    AssociationPolicy policy;
    std::vector<OutgoingObject> objects;
    for (int i = 0; i < 70; ++i) {
        policy.other_storage_classes.push_back("1.2.840.99." + std::to_string(i));
        objects.push_back(object("1.2.3." + std::to_string(i), policy.other_storage_classes.back()));
    }
    std::set<std::string> received;
    TestNode node(policy, [&](const StoreRequest& request, DatasetStream& stream) {
        testing::read_all(stream);
        received.insert(request.sop_instance_uid);
        return StoreAnswer{};
    });
    for (const DeliveryReport& one : send_objects(peer_at(node.port()), objects)) {
        EXPECT_EQ(one.status, DeliveryStatus::delivered) << one.text;
    }
    EXPECT_EQ(received.size(), 70u);
    EXPECT_EQ(node.outcome().stored, 64u);
    EXPECT_EQ(node.outcome().stored, 6u);
}

TEST_F(StorageScuTest, Echoes) {
    TestNode node({}, [](const StoreRequest&, DatasetStream&) { return StoreAnswer{}; });
    Peer peer = peer_at(node.port());
    peer.host = "localhost";  // a name; may give ::1 first
    const DeliveryReport report = echo(peer);
    EXPECT_EQ(report.status, DeliveryStatus::delivered) << report.text;
}

TEST_F(StorageScuTest, SendsNothingForNoObjects) {
    EXPECT_TRUE(send_objects(peer_at(1), {}).empty());
}

}  // namespace
}  // namespace calcnode::dicom
