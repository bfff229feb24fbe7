// `calcnode pictures`: the process that decodes pixels and reads reports for the dashboard, so that `serve`
// never does. Requests are lines of JSON on standard input, answers a line of JSON and then so many bytes on
// standard output. Started by service/picture_process.
#pragma once

namespace calcnode::service {

/// Until standard input ends. Returns the exit status.
int run_pictures();

}  // namespace calcnode::service
