#include "service/receiver.h"

#include <cerrno>
#include <chrono>
#include <cstdio>

#include "dicom/error.h"
#include "dicom/fail_point.h"
#include "service/log.h"
#include "service/receiver_examine.h"
#include "service/receiver_meta.h"

namespace calcnode::service {

namespace {

using dicom::StoreAnswer;
using dicom::StoreStatus;

FileMeta meta_of(const dicom::StoreRequest& request) {
    return {request.sop_class_uid,         request.sop_instance_uid,     request.transfer_syntax_uid,
            request.peer.calling_ae_title, request.peer.called_ae_title, request.peer.address};
}

std::string status_text(StoreStatus status) {
    char text[8];
    std::snprintf(text, sizeof text, "%04X", static_cast<unsigned>(status));
    return text;
}

/// Every C-STORE that is not a success, with its reason. Neither it nor the comment carries patient data.
StoreAnswer refuse(const dicom::StoreRequest& request, StoreAnswer answer, const std::string& reason) {
    log_warn("instance_refused", {{"status", status_text(answer.status)},
                                  {"reason", reason},
                                  {"sop_class_uid", request.sop_class_uid},
                                  {"sop_instance_uid", request.sop_instance_uid},
                                  {"transfer_syntax_uid", request.transfer_syntax_uid},
                                  {"calling_ae_title", request.peer.calling_ae_title},
                                  {"peer", request.peer.address}});
    return answer;
}

const char* disk_comment(const SpoolError& error) {
    const int code = error.errno_value();
    return code == ENOSPC || code == EDQUOT ? "no space left" : "cannot write to the spool";
}

void write_all(SpoolFile& file, const dicom::StoreRequest& request, dicom::DatasetStream& stream) {
    file.write(encode_file_meta(meta_of(request)));
    for (auto piece = stream.next(); !piece.empty(); piece = stream.next())
        file.write_digested(piece);
    file.flush();
}

const char* text_of(Acceptance acceptance) {
    switch (acceptance) {
        case Acceptance::recorded:
            return "recorded";
        case Acceptance::repeated:
            return "repeated";
        case Acceptance::differing:
            return "differing";
    }
    return "unknown";
}

void log_stored(const ReceivedInstance& instance, Acceptance acceptance,
                std::chrono::steady_clock::duration took) {
    const auto fields = {Field{"as", text_of(acceptance)},
                         Field{"study_instance_uid", instance.header.study_instance_uid},
                         Field{"sop_instance_uid", instance.header.sop_instance_uid},
                         Field{"sop_class_uid", instance.header.sop_class_uid},
                         Field{"transfer_syntax_uid", instance.header.transfer_syntax_uid},
                         Field{"bytes", instance.bytes},
                         Field{"calling_ae_title", instance.calling_ae_title},
                         Field{"peer", instance.peer},
                         Field{"ms", std::chrono::duration_cast<Duration>(took).count()}};
    // Another object under a UID that we hold already: kept, but the sender made a mistake.
    if (acceptance == Acceptance::differing)
        log_warn("instance_stored", fields);
    else
        log_info("instance_stored", fields);
}

/// What stays is found by the next reconciliation.
void remove_or_leave(const Spool& spool, const std::filesystem::path& path) {
    try {
        spool.remove(path);
    } catch (const SpoolError& error) {
        log_warn("spool_file_left", {{"path", path.string()}, {"error", error.what()}});
    }
}

}  // namespace

Receiver::Receiver(LiveConfig config, const Spool& spool, JournalWriter& journal, Stored stored)
    : config_(std::move(config)), spool_(spool), journal_(journal), stored_(std::move(stored)) {}

StoreAnswer Receiver::store(const dicom::StoreRequest& request, dicom::DatasetStream& stream) const {
    const auto started = std::chrono::steady_clock::now();
    try {
        SpoolFile file = spool_.create_instance();
        dicom::fail_point("receive.opened", request.sop_instance_uid);
        write_all(file, request, stream);
        Examination examination = examine(*config_.now(), file.part_path(), meta_of(request));
        if (examination.refusal) return refuse(request, *examination.refusal, examination.refusal->comment);
        ReceivedInstance& instance = examination.instance;
        instance.bytes = file.bytes();
        instance.digest = file.digest();
        instance.path = file.commit();
        dicom::fail_point("receive.durable", request.sop_instance_uid);
        // `file` keeps its lock until the journal has answered: no other process adopts the file meanwhile.
        return keep(request, instance, started);
    } catch (const SpoolError& error) {
        return refuse(request, {StoreStatus::out_of_resources, disk_comment(error)}, error.what());
    } catch (const dicom::Error& error) {
        if (error.code() != dicom::ErrorCode::file_error) throw;  // the stream's: the association's matter
        return refuse(request, {StoreStatus::out_of_resources, "cannot read the spool"}, error.what());
    }
}

StoreAnswer Receiver::keep(const dicom::StoreRequest& request, const ReceivedInstance& instance,
                           std::chrono::steady_clock::time_point started) const {
    try {
        const Acceptance acceptance = journal_.record(instance);
        dicom::fail_point("receive.recorded", request.sop_instance_uid);
        if (acceptance == Acceptance::repeated) remove_or_leave(spool_, instance.path);
        log_stored(instance, acceptance, std::chrono::steady_clock::now() - started);
        if (stored_) stored_(instance);
        return {StoreStatus::success, ""};
    } catch (const JournalError& error) {
        // With the commit's outcome unknown the row may be there: then so must the file.
        if (!error.outcome_unknown()) remove_or_leave(spool_, instance.path);
        return refuse(request, {StoreStatus::out_of_resources, "cannot write to the journal"}, error.what());
    }
}

}  // namespace calcnode::service
