#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace ringmaster {

/// Calls run(0) ... run(count - 1), at most `jobs` at a time, each once, from that many threads.
/// Shows "<what> done/count" on standard error while it lasts, if that is a terminal.
/// Requires: jobs > 0; `run` may be called from several threads at once and does not throw.
void run_parallel(std::size_t count, std::size_t jobs, std::string_view what,
                  const std::function<void(std::size_t)>& run);

}  // namespace ringmaster
