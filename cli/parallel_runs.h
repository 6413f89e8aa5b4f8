#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

namespace ringmaster {

/// Calls run(0) ... run(count - 1), at most `jobs` at a time (0: one per core), each once, from
/// that many threads.
/// Shows "<what> done/count, about N s left" on standard error while it lasts, if that is a
/// terminal; the time left is by the mean so far.
/// Requires: `run` may be called from several threads at once and does not throw.
void run_parallel(std::size_t count, std::size_t jobs, std::string_view what,
                  const std::function<void(std::size_t)>& run);

}  // namespace ringmaster
