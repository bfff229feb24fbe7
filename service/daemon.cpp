#include "service/daemon.h"

#include <list>
#include <optional>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <signal.h>

#include "service/acceptor.h"
#include "service/assembler.h"
#include "service/association_threads.h"
#include "service/commitment_desk.h"
#include "service/commitment_reporter.h"
#include "service/commitment_requester.h"
#include "service/destination_sender.h"
#include "service/http_server.h"
#include "service/journal.h"
#include "service/journal_watcher.h"
#include "service/journal_writer.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/receiver.h"
#include "service/rest_api.h"
#include "service/spool.h"
#include "service/supervisor.h"

namespace calcnode::service {

namespace asio = boost::asio;

struct Daemon::Parts {
    Parts(const config::Config& configuration, const std::vector<std::string>& worker_arguments);
    ~Parts();

    dicom::StoreAnswer store(const dicom::StoreRequest& request, dicom::DatasetStream& stream);

    // Members in dependency order: the last is the first to stop.
    config::Config config;
    asio::io_context control;
    asio::io_context network;
    asio::executor_work_guard<asio::io_context::executor_type> network_work{network.get_executor()};
    Metrics metrics;
    Spool spool;
    Journal control_journal;
    std::list<DestinationSender> senders;
    std::list<CommitmentRequester> requesters;
    std::optional<CommitmentReporter> reporter;
    Assembler assembler;
    std::optional<Supervisor> supervisor;
    JournalWriter journal_writer;
    Receiver receiver;
    CommitmentDesk commitment_desk;
    AssociationThreads associations;
    std::optional<Acceptor> acceptor;
    std::optional<Acceptor> tls_acceptor;
    RestApi rest;
    std::optional<HttpServer> http;  // answers at once, and so comes last
    std::optional<JournalWatcher> watcher;
    asio::signal_set signals;
    std::thread network_thread;
};

Daemon::Parts::Parts(const config::Config& configuration, const std::vector<std::string>& worker_arguments)
    : config(configuration),
      spool(config.data_dir / "spool"),
      control_journal(Journal::open(config::journal_url(config))),
      assembler(control, config.assembly, control_journal),
      journal_writer(config::journal_url(config)),
      receiver(config, spool, journal_writer),
      commitment_desk(config, spool),
      associations(config.dicom,
                   {[this](const dicom::StoreRequest& request, dicom::DatasetStream& stream) {
                        return store(request, stream);
                    },
                    commitment_desk.handlers()},
                   metrics),
      rest(config, spool, metrics,
           {.associations = [this] { return associations.active(); },
            .workers = [this] { return supervisor ? supervisor->running() : 0; },
            .draining = [this] { return associations.draining(); },
            .drain = [this](bool on) { associations.drain(on); }}),
      signals(control, SIGTERM, SIGINT) {
    if (config.dicom.plain) acceptor.emplace(network, config.dicom, associations, Acceptor::Kind::plain);
    if (config.dicom.tls.enabled)
        tls_acceptor.emplace(network, config.dicom, associations, Acceptor::Kind::tls);
    const int adopted = reconcile_spool(config, spool, journal_writer);
    if (adopted > 0) log_info("spool_reconciled", {{"adopted", adopted}});
    for (const auto& [name, destination] : config.destinations) {
        senders.emplace_back(config, spool, name);
        if (destination.commitment.enabled) requesters.emplace_back(config, name);
    }
    if (config.dicom.commitment.enabled) reporter.emplace(config);
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        log_info("stopping", {{"signal", signal}});
        control.stop();
    });
    if (config.analysis.workers > 0) {
        supervisor.emplace(control, WorkerCommand{worker_arguments, config.analysis.workers},
                           control_journal);
    }
    http.emplace(config.http, [this](const HttpRequest& request) { return rest.answer(request); });
    watcher.emplace(config::journal_url(config), spool, metrics, *http);
    network_thread = std::thread([this] { network.run(); });
}

Daemon::Parts::~Parts() {
    network.stop();
    if (network_thread.joinable()) network_thread.join();
}

dicom::StoreAnswer Daemon::Parts::store(const dicom::StoreRequest& request, dicom::DatasetStream& stream) {
    dicom::StoreAnswer answer = receiver.store(request, stream);
    if (answer.status == dicom::StoreStatus::success) {
        metrics.stored();
    } else {
        metrics.refused(static_cast<std::uint16_t>(answer.status), answer.comment);
    }
    return answer;
}

Daemon::Daemon(const config::Config& config, const std::vector<std::string>& worker_arguments)
    : parts_(std::make_unique<Parts>(config, worker_arguments)) {}

Daemon::~Daemon() = default;

int Daemon::dicom_port() const {
    return parts_->acceptor ? parts_->acceptor->port() : -1;
}
int Daemon::dicom_tls_port() const {
    return parts_->tls_acceptor ? parts_->tls_acceptor->port() : -1;
}
int Daemon::http_port() const {
    return parts_->http->port();
}

void Daemon::run() {
    parts_->control.run();
}

}  // namespace calcnode::service
