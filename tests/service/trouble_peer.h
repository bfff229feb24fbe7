// A destination on the loopback whose trouble a test can change at any moment. Its good side is our own
// AssociationServer.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dicom/association_server.h"

namespace calcnode::service {

enum class Trouble {
    none,
    down,                // nobody listens
    busy,                // rejects associations, transient
    refuses,             // rejects associations, permanent
    silent,              // takes the connection and says nothing
    hangs_in_read,       // takes the whole object and never answers: the sender hangs in its read
    hangs_in_write,      // reads nothing of the object: the sender hangs in its write
    closes_mid_object,   // closes the connection within the object
    accepts_no_context,  // accepts the association, and none of its contexts
    refuses_the_object,  // answers C000
    out_of_resources,    // answers A700
};

class TroublePeer {
  public:
    /// Accepts objects of `classes`. The port is held from the start, whether anybody listens or not.
    TroublePeer(Trouble trouble, std::vector<std::string> classes);
    ~TroublePeer();
    TroublePeer(const TroublePeer&) = delete;
    TroublePeer& operator=(const TroublePeer&) = delete;

    int port() const { return port_; }
    void set(Trouble trouble);
    /// How often each SOP Instance UID was taken.
    std::map<std::string, int> taken() const;

  private:
    void listen();
    void accept_all();
    void serve(int fd);
    dicom::StoreAnswer store(int fd, const dicom::StoreRequest& request, dicom::DatasetStream& stream);
    void hang() const;

    std::vector<std::string> classes_;
    std::atomic<Trouble> trouble_;
    std::atomic<bool> stop_{false};
    int listener_ = -1;
    int port_ = 0;
    bool listening_ = false;
    mutable std::mutex mutex_;
    std::map<std::string, int> taken_;
    std::vector<std::thread> threads_;  // associations; the accepting thread's until it ends
    std::thread accepting_;
};

}  // namespace calcnode::service
