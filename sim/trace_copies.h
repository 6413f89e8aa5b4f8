#pragma once

#include <cstdint>

#include "base/result.h"
#include "sim/trace.h"

namespace ringmaster::sim {

inline constexpr std::uint32_t kTraceCopiesMax = 1024;

/// The trace and copies of it, one over the other, for fleets larger than the trace's: `copies`
/// times the rate, with `copies` times the working set.
///
/// Copy c is turned around in time by c / copies of the trace's span (what would come after the end
/// comes at the start), so that bursts do not coincide; equal timestamps are first spread evenly
/// over the gap to the next. Blocks and sessions of a copy are its own, but for hot prefixes, which
/// every copy shares: blocks that at least 1 % of the records begin with, such as system prompts.
/// So about the same share of tokens can be found cached as in the trace itself. Tenants and
/// adapters stay the same.
///
/// Fails with kInvalidArgument if `copies` is not in [1, kTraceCopiesMax], or the trace is empty.
/// O(blocks * copies) time and memory. One copy: the trace as it is.
[[nodiscard]] Result<Trace> overlay_copies(const Trace& trace, std::uint32_t copies);

}  // namespace ringmaster::sim
