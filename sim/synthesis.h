#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/result.h"
#include "sim/arrival_process.h"
#include "sim/session_shape.h"
#include "sim/trace.h"

namespace ringmaster::sim {

struct SynthesisOptions {
  std::vector<ShapeShare> mix;  ///< At least one.
  /// `rate` is that of requests. Sessions begin by this process, rate / (mean turns) a second;
  /// their further turns follow after pauses, which smooths bursts of long sessions.
  ArrivalProcessOptions arrivals;
  std::size_t requests = 10'000;             ///< In [1, 10,000,000].
  std::uint32_t input_tokens_max = 131'072;  ///< In [512, 10,000,000].
  std::uint32_t tenants = 0;   ///< 0: none is named. Few have most sessions (Zipf, skew 1).
  std::uint32_t adapters = 0;  ///< 0: none is named. Likewise.
  double urgent_share = 0;     ///< Of the sessions, in [0, 1]: they have priority 1.
  std::uint64_t seed = 1;
};

/// Makes a trace: the first requests from time 0 on of sessions that have been coming for a long
/// while, so that it begins in the middle of some. Timestamps are whole microseconds.
///
/// Nothing is shared between tenants or between adapters. A prompt that would grow past
/// `input_tokens_max` begins again from its shared prefix, as clients do that drop their history.
/// Same options, same trace, to the bit (with one mathematical library: it uses exp, log, pow).
///
/// O(total ids). Fails with kInvalidArgument, naming the option and its range.
[[nodiscard]] Result<Trace> synthesize(const SynthesisOptions& options);

}  // namespace ringmaster::sim
