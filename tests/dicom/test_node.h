// An AssociationServer behind a listening socket on the loopback, and a raw peer to it: for the tests of the
// network layer.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "dicom/association_server.h"
#include "dicom/command_set.h"
#include "dicom/dimse_client.h"
#include "dicom/dimse_pdu.h"

namespace calcnode::dicom::testing {

/// initialise_library(), once for the test program's network tests.
void start_library();

/// A socket that listens on an ephemeral port of 127.0.0.1 (or ::1).
class Listener {
  public:
    explicit Listener(bool ipv6 = false);
    ~Listener();
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;
    int port() const { return port_; }
    bool usable() const { return port_ != 0; }
    /// The next connection, or -1 after `wait`.
    int accept(std::chrono::milliseconds wait = std::chrono::seconds(10));

  private:
    int fd_ = -1;
    int port_ = 0;
};

/// Waits for the whole A-ASSOCIATE-RQ as service/ does; false: it will not come.
bool await_request(int fd);

/// Accepts and serves on threads of its own, until destroyed.
class TestNode {
  public:
    TestNode(AssociationPolicy policy, AssociationHandlers handlers, bool ipv6 = false);
    TestNode(AssociationPolicy policy, StoreFunction store, bool ipv6 = false)
        : TestNode(std::move(policy), AssociationHandlers{std::move(store)}, ipv6) {}
    ~TestNode();
    int port() const { return listener_.port(); }
    bool usable() const { return listener_.usable(); }
    /// The outcome of the next association that ended; waits for it.
    AssociationOutcome outcome();
    std::atomic<bool> stop{false};

  private:
    void run();

    AssociationPolicy policy_;
    AssociationHandlers handlers_;
    Listener listener_;
    std::mutex mutex_;
    std::condition_variable ended_;
    std::deque<AssociationOutcome> outcomes_;
    std::atomic<bool> closing_{false};
    std::vector<std::thread> associations_;
    std::thread acceptor_;
};

/// Reads a data set to its end.
std::string read_all(DatasetStream& stream);

/// A peer that says what a test wants, on an association with `contexts`.
class RawPeer {
  public:
    RawPeer(int port, const std::vector<ProposedContext>& contexts, const std::string& called = "CALCNODE",
            const std::string& calling = "TESTS", const std::string& host = "127.0.0.1");
    /// From an open socket; offers Verification as context 1 and MG, Explicit LE, as 3.
    explicit RawPeer(int fd);

    const AssociateReply& reply() const { return reply_; }
    DimseConnection& connection() { return *connection_; }
    DimseSocket& socket() { return connection_->socket(); }

    void send_command(std::uint8_t context, const CommandSet& command);
    void send_data(std::uint8_t context, const std::string& bytes, bool last = true);
    /// The next response command set; nothing when the peer ended or broke the association.
    std::optional<CommandSet> response();
    /// Closes the connection without another word.
    void hang_up() { connection_.reset(); }
    /// Reads up to the end, then hangs up: true when an A-ABORT came.
    bool is_aborted();
    /// C-STORE-RQ and its data set on context 3; the response's status, if one came.
    std::optional<CommandSet> store(const std::string& bytes, const std::string& instance_uid = "1.2.3");

  private:
    void associate(int fd, const AssociateProposal& proposal);
    AssociateReply reply_;
    std::unique_ptr<DimseConnection> connection_;
    std::uint16_t message_id_ = 0;
};

/// Verification as context 1, MG For Presentation in Explicit LE as context 3.
std::vector<ProposedContext> usual_contexts();

CommandSet store_command(const std::string& class_uid, const std::string& instance_uid);

/// Open descriptors of this process.
int open_descriptors();

/// A small stored object; its transfer syntax is Explicit LE.
OutgoingObject write_object(const std::filesystem::path& folder, const std::string& class_uid,
                            const std::string& instance_uid);

}  // namespace calcnode::dicom::testing
