// How many threads an analysis may use: what set_threads() of analyser.h was told. Any thread.
#pragma once

namespace calcnode::pipeline {

int analysis_threads();

}  // namespace calcnode::pipeline
