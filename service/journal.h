// The journal: what was received, what is to be done, what was sent. The only truth about state.
// SQLite (WAL, synchronous=FULL) or PostgreSQL through SOCI; the dialects' differences are in
// journal_dialect.cpp. A Journal is one connection: one thread at a time; open one for each thread. Every
// call is one transaction, durable when it returns. Throws JournalError when the database fails (the caller
// retries or gives up: nothing was changed).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "service/commitment_types.h"
#include "service/journal_watch.h"
#include "service/types.h"

namespace calcnode::service {

class JournalError : public std::runtime_error {
  public:
    explicit JournalError(const std::string& what, bool outcome_unknown = false)
        : std::runtime_error(what), outcome_unknown_(outcome_unknown) {}
    /// The commit was under way when the connection broke: it may have happened. Otherwise nothing was
    /// changed.
    bool outcome_unknown() const { return outcome_unknown_; }

  private:
    bool outcome_unknown_;
};

/// What record() made of an instance.
enum class Acceptance {
    recorded,   // new: it will be analysed or forwarded
    repeated,   // same SOP instance, same bytes: known already, the new file is not needed
    differing,  // same SOP instance, other bytes: kept and recorded as a variant, neither analysed nor
                // forwarded
};

struct ResultToRecord {
    dicom::ResultObject object;             // path relative to the spool's root
    std::vector<std::string> destinations;  // those of the job that want this object
};

struct DeliveryOutcome {
    /// not_accepted: the destination negotiates no context for the object; final, and nobody's failure.
    enum class State { delivered, retry, not_accepted, dead } state = State::retry;
    std::string text;
    Time next_attempt{};          // for retry
    bool ask_commitment = false;  // of a delivered object
};

/// One line of the journal's history: "study_closed", "job_claimed", "job_done", "delivery_dead", ...
struct JournalEvent {
    Time at{};
    std::string kind;
    std::string study_instance_uid;  // empty when it concerns none
    std::int64_t job = 0;            // 0 when it concerns none
    std::string text;
};

struct JournalCounts {  // for /api/v1/status and for tests
    std::int64_t instances = 0;
    std::int64_t variants = 0;
    std::int64_t studies_open = 0;
    std::int64_t jobs_queued = 0;
    std::int64_t jobs_running = 0;
    std::int64_t jobs_done = 0;
    std::int64_t jobs_failed = 0;  // done, but the report says failed
    std::int64_t results = 0;
    std::int64_t deliveries_pending = 0;
    std::int64_t deliveries_delivered = 0;
    std::int64_t deliveries_not_accepted = 0;
    std::int64_t deliveries_dead = 0;
    std::int64_t commitments_pending = 0;  // objects that a destination is, or will be, asked to commit
    std::int64_t commitments_committed = 0;
    std::int64_t commitments_failed = 0;          // objects that it refuses, or does not answer for
    std::int64_t commitment_reports_pending = 0;  // results that senders are to be told
    std::int64_t commitment_reports_reported = 0;
    std::int64_t commitment_reports_unreported = 0;
};

class Journal {
  public:
    /// `url`: sqlite:///path or postgresql://...; brings the schema up to date (one process at a time does
    /// it).
    static Journal open(const std::string& url);
    Journal(Journal&&) noexcept;
    Journal& operator=(Journal&&) noexcept;
    ~Journal();

    // -- receiving
    /// All in one transaction. For analysable ones: opens (or re-opens) the study. For others: a delivery a
    /// destination.
    std::vector<Acceptance> record(std::span<const ReceivedInstance> instances);
    /// Paths of all instances' files and of all results' files, for the reconciliation of the spool.
    std::vector<std::filesystem::path> known_paths();

    // -- assembling
    std::vector<OpenStudy> open_studies();
    /// Closes the study into a job of the next generation; false when its revision has moved on or another
    /// process was first. A queued, unclaimed job of an earlier generation is superseded.
    bool close_study(const OpenStudy& study, const std::vector<JobImage>& images,
                     const std::vector<std::string>& destinations, const std::string& reason, Time now);

    // -- analysing
    /// The oldest job that is queued or whose lease has run out; never one of a study that another job is
    /// running for.
    std::optional<Job> claim_job(const std::string& owner, Time now, Duration lease);
    /// False when the lease was lost to another owner.
    bool renew_job(std::int64_t job, const std::string& owner, Time now, Duration lease);
    /// Records the results, one delivery for each and each of its destinations, and the job's end; false (and
    /// nothing recorded) when the lease was lost. Objects already known by SOP Instance UID keep their row,
    /// and are not delivered again to a destination that has them.
    bool complete_job(const Job& job, const std::string& owner, const std::vector<ResultToRecord>& results,
                      bool failed, const std::string& summary, Time now, const StageTimes& stages = {});
    /// Gives a job back unfinished, through no fault of its own (we are told to stop, the disk is full): this
    /// attempt does not count. Nothing happens when the lease was lost.
    void return_job(const Job& job, const std::string& owner);
    /// Gives a dead worker's jobs back at once; they keep their attempt count, and the death is counted.
    /// Returns how many.
    int release_jobs(const std::string& owner);
    std::vector<RunningJob> running_jobs();

    // -- delivering
    /// Destinations with a delivery due now.
    std::vector<std::string> due_destinations(Time now);
    /// When the next delivery or lease becomes due, if any.
    std::optional<Time> next_delivery_due();
    /// Up to `limit` due deliveries of one destination, leased to `owner`.
    std::vector<PendingDelivery> claim_deliveries(const std::string& destination, const std::string& owner,
                                                  Time now, Duration lease, int limit);
    void finish_delivery(const PendingDelivery& delivery, const std::string& owner,
                         const DeliveryOutcome& outcome, Time now);
    /// Extends the lease of all deliveries that `owner` holds.
    void renew_deliveries(const std::string& owner, Time now, Duration lease);

    /// What waits for a later try is due now: the destination is back. Returns how many.
    int hasten_deliveries(const std::string& destination, Time now);

    /// Gives a dead owner's deliveries back at once. Returns how many.
    int release_deliveries(const std::string& owner);

    // -- asking destinations to commit (journal_commitments.cpp)
    /// Makes the request `transaction_uid` for the due objects of a study none of whose deliveries to the
    /// destination is pending. Unless commitment_taken() says otherwise it counts as timed out at `deadline`.
    std::optional<OpenCommitment> open_commitment(const std::string& destination,
                                                  const std::string& transaction_uid, Time now,
                                                  Time deadline);
    /// The destination has taken the request: its result may come until `deadline`.
    void commitment_taken(std::int64_t commitment, Time deadline);
    /// True while the result has not come.
    bool commitment_awaited(std::int64_t commitment);
    CommitmentChanges commitment_not_taken(std::int64_t commitment, const UntakenCommitment& how,
                                           const CommitmentLimits& limits, Time now);
    /// The destination that the transaction is with; nothing when there is no such transaction.
    std::optional<std::string> commitment_destination(const std::string& transaction_uid);
    /// A destination's result. Objects that failed are sent again, or given up; objects that it does not
    /// mention are asked for again. Of a transaction that has ended before, only what is committed counts,
    /// and not for an object that failed in a later one.
    CommitmentChanges record_commitment(const dicom::CommitmentReport& report, const CommitmentLimits& limits,
                                        Time now);
    /// Ends the destination's requests whose deadline is over.
    CommitmentChanges expire_commitments(const std::string& destination, const CommitmentLimits& limits,
                                         Time now);

    // -- being asked by senders (journal_commitment_reports.cpp)
    /// One entry a reference, same order.
    std::vector<HeldInstance> held_instances(const std::vector<dicom::SopReference>& references);
    /// Records what is to be told, from `due` on. The same request once more starts it anew; another one
    /// under the same transaction UID of the same sender gets a report in which everything failed (0131).
    dicom::CommitmentReport record_commitment_duty(const CommitmentDuty& duty, Time now, Time due);
    /// How telling it on the sender's association ended; when not taken it is due now.
    void commitment_reported(const std::string& calling_ae_title, const std::string& transaction_uid,
                             bool taken, Time now);
    /// A report that is due, leased to `owner`.
    std::optional<CommitmentDuty> claim_commitment_report(const std::string& owner, Time now, Duration lease);
    void finish_commitment_report(const CommitmentDuty& duty, const std::string& owner,
                                  const DeliveryOutcome& outcome, Time now);

    // -- starting again
    /// Gives back at once what is leased to owners that are gone, after a crash: jobs (they keep their
    /// attempt count), deliveries, reports of storage commitment. Returns how many.
    int release_leases(const std::function<bool(const std::string& owner)>& is_gone);

    // -- watching
    JournalCounts counts();
    /// The latest events, newest first.
    std::vector<JournalEvent> recent_events(int limit);
    /// A study's events, newest first.
    std::vector<JournalEvent> study_events(const std::string& study_instance_uid, int limit);
    /// Up to `limit` studies, the last to receive something first. Milliseconds however many there are.
    std::vector<StudyRow> list_studies(const StudyQuery& query);
    std::optional<StudyDetail> find_study(const std::string& study_instance_uid);
    /// A result object's file, relative to the spool's root.
    std::optional<std::filesystem::path> result_path(const std::string& sop_instance_uid);
    std::vector<JobRow> list_jobs(const JobQuery& query);
    std::vector<DeliveryRow> list_deliveries(const DeliveryQuery& query);
    std::vector<DestinationActivity> destination_activity();
    JournalMarks marks();
    QueueAges queue_ages();
    QueueDepths queue_depths();
    /// Those that ended at `since` or later, the earliest first, some thousands at most.
    std::vector<FinishedJob> finished_jobs(Time since);
    std::vector<FinishedDelivery> finished_deliveries(Time since);

    // -- what an operator asks for
    /// Opens the study anew, so that assembly makes its next generation. False when there is no such study or
    /// it is open.
    bool reanalyse(const std::string& study_instance_uid, const std::string& by, Time now);
    /// Dead and not accepted deliveries become pending again, with all their tries; commitments that failed
    /// or were given up are asked for again. What they had failed of stays in the events. `by`: who asks.
    Replayed replay(const ReplayQuery& query, const std::string& by, Time now);

  private:
    struct Impl;
    explicit Journal(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace calcnode::service
