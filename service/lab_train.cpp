#include "service/lab_train.h"

#include <csignal>
#include <cstdio>
#include <string>

#include "service/progress_bar.h"

namespace calcnode::service {

namespace {

volatile std::sig_atomic_t stop_requested = 0;

void request_stop(int) {
    stop_requested = 1;
}

void catch_signals() {
    struct sigaction action {};
    action.sa_handler = request_stop;
    action.sa_flags = SA_RESETHAND;  // the second signal ends the process
    sigaction(SIGINT, &action, nullptr);
    sigaction(SIGTERM, &action, nullptr);
}

}  // namespace

int run_lab_train(const pipeline::TrainingOptions& options, bool progress) {
    catch_signals();
    ProgressBar bar("train", 2 * static_cast<std::int64_t>(options.steps), progress);
    const pipeline::TrainingReport report =
        pipeline::train(options, [&](const pipeline::TrainingProgress& state) {
            char note[96];
            std::snprintf(note, sizeof note, "%s, loss %.4f", state.message.c_str(), state.loss);
            bar.set_total(state.total);
            bar.update(state.done, note);
            return stop_requested == 0;
        });
    if (!report.finished) {
        std::printf("stopped; go on with the same options and --resume\n");
        return 1;
    }
    std::printf("model in %s\n", options.output.c_str());
    std::printf(
        "detector accuracy        %.4f (patches of phantoms that were not trained on), %.4f when degraded\n",
        report.detector_accuracy, report.detector_accuracy_degraded);
    std::printf("segmentator accuracy     %.4f, %.4f when degraded\n", report.segmentator_accuracy,
                report.segmentator_accuracy_degraded);
    std::printf("cluster sensitivity      %.3f at %.3f false positives an image, cluster score >= %.3f\n",
                report.cluster_sensitivity, report.false_positives_per_image, report.cluster_threshold);
    return 0;
}

int run_lab_paper_table(const pipeline::PaperTableOptions& options, bool progress) {
    ProgressBar bar("paper's table", 1, progress);
    const pipeline::PaperTable table =
        pipeline::make_paper_table(options, [&](int done, int total, const std::string& what) {
            bar.set_total(total);
            bar.update(done, what);
        });
    std::printf("%s", pipeline::paper_table_markdown(table).c_str());
    return 0;
}

}  // namespace calcnode::service
