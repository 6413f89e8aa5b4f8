#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "base/clock.h"
#include "sim/trace.h"

namespace ringmaster::sim {

/// How a quantity is spread over the requests of a trace; exact order statistics.
struct TokenSpread {
  double mean = 0;
  std::uint32_t p50 = 0;
  std::uint32_t p90 = 0;
  std::uint32_t p99 = 0;
  std::uint32_t max = 0;
};

/// What a trace asks of a fleet and of its prefix caches.
struct TraceStats {
  std::string trace;
  std::size_t requests = 0;
  Duration span{};      ///< From the first timestamp to the last.
  double mean_qps = 0;  ///< (requests - 1) / span; 0 if the span is.
  TokenSpread input_tokens;
  TokenSpread output_tokens;
  std::size_t distinct_blocks = 0;   ///< Of kTraceBlockTokens tokens, full ones only.
  double cacheable_token_share = 0;  ///< Hit rate of an infinite cache shared by all, in [0, 1].
  double reusing_request_share = 0;  ///< Requests with at least one such cached block.
  double top_first_block_share = 0;  ///< Requests that start with the commonest first block.
};

/// Requires: the trace has a record.
[[nodiscard]] TraceStats trace_stats(const Trace& trace, std::string name);

/// A JSON array with one object a line: the fields above by name (spans in seconds, spreads as
/// input_tokens_mean, input_tokens_p50 and so on).
[[nodiscard]] std::string to_json(std::span<const TraceStats> stats);

/// The same for people: one column a trace.
[[nodiscard]] std::string to_table(std::span<const TraceStats> stats);

}  // namespace ringmaster::sim
