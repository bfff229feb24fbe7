// The figures of an evaluation as tables of words, for whatever shows them. Pure.
#pragma once

#include <string>
#include <vector>

#include "service/lab_report.h"

namespace calcnode::service {

struct FigureTable {
    std::string title;                           // may be empty
    std::vector<std::string> header;             // as long as a row, or empty
    std::vector<std::vector<std::string>> rows;  // the first cell says what the row is
    std::string note;                            // may be empty
};

/// In the order of reading. Each figure is with its 95 % interval: "90.0 % (80.0 - 95.0)", or "-" when not
/// known.
std::vector<FigureTable> tables_of(const EvaluationReport& report);

/// "24 images of 6 patients, 12 images normal"
std::string headline_of(const EvaluationReport& report);

/// What the brackets are, and on which images false marks are counted.
std::string footnote_of(const EvaluationReport& report);

}  // namespace calcnode::service
