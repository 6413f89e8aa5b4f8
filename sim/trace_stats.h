#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "base/clock.h"
#include "sim/trace.h"

namespace ringmaster::sim {

/// How a quantity is spread; exact order statistics. All zero if there are no values.
struct Spread {
  double mean = 0;
  double p50 = 0;
  double p90 = 0;
  double p99 = 0;
  double max = 0;
};

/// What a trace asks of a fleet and of its prefix caches. Blocks are full ones of kTraceBlockTokens
/// tokens; a block is known by its whole prefix.
struct TraceStats {
  std::string trace;
  std::size_t requests = 0;
  Duration span{};      ///< From the first timestamp to the last.
  double mean_qps = 0;  ///< (requests - 1) / span; 0 if the span is.
  double gap_cv = 0;    ///< Standard deviation / mean of the gaps: 1 for Poisson; 0 if no span.
  Spread input_tokens;
  Spread output_tokens;
  std::size_t sessions = 0;  ///< Named ones, as are tenants and adapters.
  std::size_t tenants = 0;
  std::size_t adapters = 0;
  std::size_t distinct_blocks = 0;
  double cacheable_token_share = 0;       ///< Hit rate of an infinite cache shared by all.
  double reusing_request_share = 0;       ///< Requests with at least one such cached block.
  double half_reusing_request_share = 0;  ///< Requests with at least half of their tokens cached.
  /// Of each use of a block after its first: distinct blocks used since, itself included. An LRU
  /// cache shared by all with room for that many blocks finds it.
  Spread reuse_distance_blocks;
  Spread reuse_seconds;              ///< Since the block was used last.
  double top_first_block_share = 0;  ///< Requests that start with the commonest first block.
  std::size_t hot_blocks = 0;        ///< Blocks that are in at least 1 % of the requests.
  double hot_token_share = 0;        ///< Prompt tokens in those.
};

/// O(b log b) for b block uses. Requires: the trace has a record.
[[nodiscard]] TraceStats trace_stats(const Trace& trace, std::string name);

/// A JSON array with one object a line: the fields above by name (the span as span_s, spreads as
/// input_tokens_mean, input_tokens_p50 and so on).
[[nodiscard]] std::string to_json(std::span<const TraceStats> stats);

/// The same for people: one column a trace.
[[nodiscard]] std::string to_table(std::span<const TraceStats> stats);

}  // namespace ringmaster::sim
