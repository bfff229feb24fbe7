// Every trouble that a destination can make, side by side, with hours of simulated time: each object ends
// delivered or as a dead letter with its reason, the good destination never waits, and a replay delivers.
#include <chrono>
#include <deque>
#include <thread>

#include <gmock/gmock.h>

#include "dicom/library.h"
#include "journal_fixture.h"
#include "receiver_fixture.h"
#include "service/destination_delivery.h"
#include "service/journal_writer.h"
#include "service/receiver.h"
#include "trouble_peer.h"

namespace calcnode::service {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr const char* kForwardedClass = "1.2.840.10008.5.1.4.1.1.7";  // Secondary Capture: never analysed
constexpr Duration kDay = 24h;

struct Case {
    const char* name;
    Trouble trouble;
    int attempts;
    Duration until;      // the trouble's end, in simulated time; kDay: it does not end by itself
    const char* state;   // how its objects end
    const char* reason;  // in the journal's text
};

// The hanging ones cost a second of real time a try.
const std::vector<Case> kCases{
    {"good", Trouble::none, 20, 0h, "delivered", "stored"},
    {"down", Trouble::down, 20, 1h, "delivered", "stored"},
    {"gone", Trouble::down, 4, kDay, "dead", "Connection refused"},
    {"busy", Trouble::busy, 20, 1h, "delivered", "stored"},
    {"refusing", Trouble::refuses, 20, kDay, "dead", "rejected (permanent)"},
    {"silent", Trouble::silent, 3, kDay, "dead", "the peer was silent for 1 s"},
    {"mute", Trouble::hangs_in_read, 3, kDay, "dead", "the peer was silent for 1 s"},
    {"deaf", Trouble::hangs_in_write, 3, kDay, "dead", "1 s"},
    {"breaking", Trouble::closes_mid_object, 5, kDay, "dead", "connection"},
    {"full", Trouble::out_of_resources, 20, 1h, "delivered", "stored"},
    {"strict", Trouble::refuses_the_object, 20, kDay, "dead", "refused, status C000"},
    {"incapable", Trouble::accepts_no_context, 20, kDay, "not_accepted", "not accepted by peer"},
};

class DestinationTroubleTest : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        static const bool initialised = [] {
            dicom::initialise_library();
            return true;
        }();
        ASSERT_TRUE(initialised);
    }

    DestinationTroubleTest() {
        config_.journal.url = "sqlite://" + (folder_.path() / "journal.db").string();
        config_.dicom.ae_title = "CALCNODE";
        config_.dicom.other_storage_classes = {kForwardedClass};
        config_.delivery = {.attempts = 20,
                            .first_retry = 5s,
                            .longest_retry = 10min,
                            .batch = 32,
                            .connect_timeout = 1s,
                            .response_timeout = 1s,
                            .association_timeout = 60s,
                            .breaker_failures = 3};
    }

    TroublePeer& add(const std::string& name, Trouble trouble) {
        TroublePeer& peer = peers_.emplace_back(trouble, std::vector<std::string>{kForwardedClass});
        config::Destination destination;
        destination.ae_title = "PACS";
        destination.host = "127.0.0.1";
        destination.port = peer.port();
        config_.destinations[name] = destination;
        return peer;
    }

    /// Two objects for every destination; the second does not fit the buffers of a connection.
    void receive_objects() {
        config::Route route{.name = "all", .match = {}, .destinations = {}};
        for (const auto& [name, destination] : config_.destinations)
            route.destinations.push_back(name);
        config_.routes = {route};
        JournalWriter writer(config_.journal.url);
        const Receiver receiver(config_, spool_, writer);
        for (const auto& [sop, bytes] :
             std::map<std::string, std::size_t>{{"1.2.3.1", 12'000'000}, {"1.2.3.2", 5'000}}) {
            const SampleImage image{
                .sop_class_uid = kForwardedClass, .sop_instance_uid = sop, .pixel_bytes = bytes};
            dicom::StoreRequest request{
                {"10.0.0.7", "MODALITY", "CALCNODE"}, kForwardedClass, sop, "1.2.840.10008.1.2.1"};
            PieceStream stream(encode(image));
            ASSERT_EQ(receiver.store(request, stream).status, dicom::StoreStatus::success);
        }
    }

    static bool any_pending(Journal& journal, const std::string& destination) {
        return !journal.list_deliveries({.state = "pending", .destination = destination}).empty();
    }

    struct Run {
        Duration simulated{};  // until nothing was pending any more
        std::chrono::steady_clock::duration real{};
        int steps = 0;  // that had something to do
    };

    /// A destination's day, a second a step, until nothing is pending. `ends`: when the peer's trouble does.
    Run deliver(const std::string& name, config::Delivery rules, TroublePeer& peer, Duration ends) const {
        config::Config config = config_;
        config.delivery = rules;
        Journal journal = Journal::open(config.journal.url);
        Audit audit(config);
        DestinationDelivery delivery(spool_, name, "test-" + name, audit);
        Run run;
        const auto started = std::chrono::steady_clock::now();
        for (Duration passed{}; passed < kDay; passed += 1s) {
            if (passed == ends) peer.set(Trouble::none);
            const Time now = start_ + passed;
            const bool worked = delivery.send_due(config, journal, [now] { return now; });
            if (worked) ++run.steps;
            if (worked && !any_pending(journal, name)) {
                run.simulated = passed;
                break;
            }
        }
        run.real = std::chrono::steady_clock::now() - started;
        return run;
    }

    TemporaryFolder folder_;
    config::Config config_;
    Spool spool_{folder_.path() / "spool"};
    std::deque<TroublePeer> peers_;
    Time start_ = now() + 1s;
};

TEST_F(DestinationTroubleTest, EveryObjectEndsAndAReplayDelivers) {
    std::map<std::string, TroublePeer*> peers;
    for (const Case& one : kCases)
        peers[one.name] = &add(one.name, one.trouble);
    receive_objects();

    std::map<std::string, Run> runs;
    for (const Case& one : kCases)
        runs[one.name];
    std::vector<std::thread> senders;
    for (const Case& one : kCases) {
        senders.emplace_back([&, rules = config_.delivery]() mutable {
            rules.attempts = one.attempts;
            runs.at(one.name) = deliver(one.name, rules, *peers.at(one.name), one.until);
        });
    }
    for (std::thread& sender : senders)
        sender.join();

    Journal journal = Journal::open(config_.journal.url);
    int letters = 0;
    for (const Case& one : kCases) {
        SCOPED_TRACE(one.name);
        const auto rows = journal.list_deliveries({.destination = one.name});
        ASSERT_EQ(rows.size(), 2u);
        for (const DeliveryRow& row : rows) {
            EXPECT_EQ(row.state, one.state);
            EXPECT_THAT(row.text, HasSubstr(one.reason));
            EXPECT_LE(row.attempt, one.attempts);
            if (row.state != "delivered") ++letters;
        }
        if (one.until == 1h) {
            EXPECT_GE(runs[one.name].simulated, one.until);
            EXPECT_LE(runs[one.name].simulated, one.until + 12min) << "not long after its trouble ended";
        }
    }
    EXPECT_EQ(runs["good"].simulated, Duration{}) << "at once, whatever the others do";
    EXPECT_EQ(runs["good"].steps, 1);
    EXPECT_LT(runs["good"].real, 5s);

    for (TroublePeer& peer : peers_)
        peer.set(Trouble::none);
    EXPECT_EQ(journal.replay({}, "test", start_).deliveries, letters);
    for (const Case& one : kCases) {
        SCOPED_TRACE(one.name);
        if (any_pending(journal, one.name)) {
            EXPECT_EQ(deliver(one.name, config_.delivery, *peers.at(one.name), kDay).simulated, Duration{});
        }
        EXPECT_EQ(peers.at(one.name)->taken(), (std::map<std::string, int>{{"1.2.3.1", 1}, {"1.2.3.2", 1}}))
            << "each exactly once";
        for (const DeliveryRow& row : journal.list_deliveries({.destination = one.name}))
            EXPECT_EQ(row.state, "delivered");
    }
}

TEST_F(DestinationTroubleTest, ADestinationThatIsDownIsLookedForRarelyAndGetsAllWhenItIsBack) {
    TroublePeer& peer = add("down", Trouble::down);
    receive_objects();
    config::Delivery rules = config_.delivery;
    rules.batch = 1;
    const Run run = deliver("down", rules, peer, 1h);
    EXPECT_LT(run.steps, 25) << "an hour of trouble";
    EXPECT_GE(run.simulated, Duration(1h));
    EXPECT_LE(run.simulated, Duration(1h + 12min + 2s)) << "the second object follows the first at once";
    EXPECT_EQ(peer.taken().size(), 2u);
}

}  // namespace
}  // namespace calcnode::service
