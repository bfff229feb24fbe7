// `calcnode-lab train`: runs the training with a progress bar; SIGINT and SIGTERM stop it with the checkpoint
// kept. Called by lab_main only.
#pragma once

#include "pipeline/paper_table.h"
#include "pipeline/training.h"

namespace calcnode::service {

/// Prints the report. Returns 0, or 1 when it was stopped early. Throws pipeline::Error.
int run_lab_train(const pipeline::TrainingOptions& options, bool progress);

/// `calcnode-lab train --paper-table`: trains the twelve networks and prints the table. Returns 0; throws
/// pipeline::Error.
int run_lab_paper_table(const pipeline::PaperTableOptions& options, bool progress);

}  // namespace calcnode::service
