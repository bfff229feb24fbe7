#include "service/assembler.h"

#include <chrono>

#include "service/assembly.h"
#include "service/log.h"

namespace calcnode::service {

namespace {

constexpr std::chrono::milliseconds kInterval{250};

}  // namespace

Assembler::Assembler(boost::asio::io_context& context, LiveConfig config, Journal& journal)
    : config_(std::move(config)), journal_(journal), timer_(context) {
    schedule();
}

void Assembler::schedule() {
    timer_.expires_after(kInterval);
    timer_.async_wait([this](const boost::system::error_code& cancelled) {
        if (cancelled) return;
        try {
            look();
        } catch (const JournalError& error) {
            // Nothing was changed; the next look tries again.
            log_error("assembly_halted", {{"error", error.what()}});
        }
        schedule();
    });
}

void Assembler::look() {
    const auto config = config_.now();
    const config::Assembly& rules = config->assembly;
    for (const OpenStudy& study : journal_.open_studies()) {
        const Time time = now();
        const AssemblyDecision decision = decide(study, time, rules);
        if (!decision.close) continue;
        const std::string reason = to_string(*decision.close);
        if (!journal_.close_study(study, select_images(study, rules), study_destinations(study), reason,
                                  time)) {
            continue;  // an instance came meanwhile, or another process was first
        }
        log_info("study_closed", {{"study_instance_uid", study.study_instance_uid},
                                  {"generation", study.generation + 1},
                                  {"instances", study.instances.size()},
                                  {"reason", reason}});
    }
}

}  // namespace calcnode::service
