#include "service/daemon.h"

#include <list>
#include <optional>
#include <set>
#include <thread>
#include <utility>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <signal.h>

#include "service/acceptor.h"
#include "service/assembler.h"
#include "service/association_threads.h"
#include "service/audit.h"
#include "service/commitment_desk.h"
#include "service/commitment_reporter.h"
#include "service/commitment_requester.h"
#include "service/destination_sender.h"
#include "service/http_server.h"
#include "service/journal.h"
#include "service/journal_watcher.h"
#include "service/journal_writer.h"
#include "service/live_config.h"
#include "service/log.h"
#include "service/metrics.h"
#include "service/owner.h"
#include "service/receiver.h"
#include "service/rest_api.h"
#include "service/spool.h"
#include "service/supervisor.h"

namespace calcnode::service {

namespace asio = boost::asio;

struct Daemon::Parts {
    Parts(config::Loaded configuration, ConfigurationSource source);
    ~Parts();

    dicom::StoreAnswer store(const dicom::StoreRequest& request, dicom::DatasetStream& stream);
    void await_signal();
    /// A reload was accepted.
    void take_over(const ReloadOutcome& outcome);
    void start_senders();
    WorkerCommand worker_command() const;

    // Members in dependency order: the last is the first to stop.
    const config::Config config;  // as at the start: what needs a restart to change
    LiveConfig live{config};
    Reloader reloader;
    asio::io_context control;
    asio::io_context network;
    asio::executor_work_guard<asio::io_context::executor_type> network_work{network.get_executor()};
    Metrics metrics;
    Spool spool;
    Audit audit;  // its last word comes when all else has ended
    Journal control_journal;
    std::list<DestinationSender> senders;  // one for each of sending_to; none ends before we do
    std::set<std::string> sending_to;
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

Daemon::Parts::Parts(config::Loaded configuration, ConfigurationSource source)
    : config(configuration.config),
      reloader(std::move(source), std::move(configuration), live,
               [this](const ReloadOutcome& outcome) {
                   asio::post(control, [this, outcome] { take_over(outcome); });
               }),
      spool(config.data_dir / "spool"),
      audit(config),
      control_journal(Journal::open(config::journal_url(config))),
      assembler(control, live, control_journal),
      journal_writer(config::journal_url(config)),
      receiver(live, spool, journal_writer,
               [this](const ReceivedInstance& instance) {
                   audit.received(instance.header.study_instance_uid, instance.header.sop_class_uid);
               }),
      commitment_desk(config, spool),
      associations(config.dicom,
                   {[this](const dicom::StoreRequest& request, dicom::DatasetStream& stream) {
                        return store(request, stream);
                    },
                    commitment_desk.handlers()},
                   metrics, audit),
      rest(live, spool, metrics,
           {.associations = [this] { return associations.active(); },
            .workers = [this] { return supervisor ? supervisor->running() : 0; },
            .draining = [this] { return associations.draining(); },
            .drain = [this](bool on) { associations.drain(on); }}),
      signals(control, SIGTERM, SIGINT, SIGHUP) {
    if (config.dicom.plain) acceptor.emplace(network, config.dicom, associations, Acceptor::Kind::plain);
    if (config.dicom.tls.enabled)
        tls_acceptor.emplace(network, config.dicom, associations, Acceptor::Kind::tls);
    const int adopted = reconcile_spool(config, spool, journal_writer);
    if (adopted > 0) log_info("spool_reconciled", {{"adopted", adopted}});
    const int released = control_journal.release_leases(is_gone);
    if (released > 0) log_info("leases_released", {{"leases", released}});
    start_senders();
    for (const auto& [name, destination] : config.destinations) {
        if (destination.commitment.enabled) requesters.emplace_back(config, name);
    }
    if (config.dicom.commitment.enabled) reporter.emplace(config);
    await_signal();
    supervisor.emplace(control, worker_command(), control_journal);
    http.emplace(config.http, [this](const HttpRequest& request) { return rest.answer(request); });
    watcher.emplace(config::journal_url(config), spool, metrics, *http);
    network_thread = std::thread([this] { network.run(); });
}

void Daemon::Parts::await_signal() {
    signals.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        if (signal == SIGHUP) {
            (void)reloader.reload();  // it has logged what came of it
            return await_signal();
        }
        log_info("stopping", {{"signal", signal}});
        control.stop();
    });
}

void Daemon::Parts::start_senders() {
    for (const auto& [name, destination] : live.now()->destinations) {
        if (sending_to.insert(name).second) senders.emplace_back(live, spool, name, audit);
    }
}

WorkerCommand Daemon::Parts::worker_command() const {
    return {reloader.worker_arguments(), live.now()->analysis.workers, reloader.accepted_text(),
            live.now()->analysis.job_timeout};
}

void Daemon::Parts::take_over(const ReloadOutcome& outcome) {
    start_senders();
    asio::post(network, [this] {
        const config::Dicom options = live.now()->dicom;
        if (acceptor) acceptor->reconfigure(options);
        if (tls_acceptor) tls_acceptor->reconfigure(options);
        associations.reconfigure(options);
    });
    if (!outcome.concerns_workers()) return;
    set_log_level(live.now()->log.level);
    supervisor->replace(worker_command());
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

Daemon::Daemon(config::Loaded configuration, ConfigurationSource source)
    : parts_(std::make_unique<Parts>(std::move(configuration), std::move(source))) {}

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
