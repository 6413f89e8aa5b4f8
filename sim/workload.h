#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "sim/trace.h"
#include "tokens/block_hash.h"

namespace ringmaster::sim {

struct WorkloadRequest {
  Duration timestamp{};  ///< Of the trace.
  std::uint32_t prompt_tokens = 0;
  std::uint32_t output_tokens = 1;  ///< At least 1: the prefill itself gives a token.
  std::size_t first_block = 0;
  std::size_t block_count = 0;  ///< Full blocks; the rest of the prompt cannot be cached.
  RequestLabels labels;
};

struct WorkloadOptions {
  std::size_t skip = 0;                 ///< Records left out at the start.
  std::size_t requests = 0;             ///< Records taken; 0: all that follow.
  std::uint32_t prompt_tokens_max = 0;  ///< Longer prompts are cut; 0: none is.
  std::uint32_t block_tokens = 512;     ///< A divisor of kTraceBlockTokens, at least 16.
  /// Hash the tokens of prompt_tokens_of() as a gateway and engines that serve this model do, so
  /// that rings place them alike; empty: hash the ids, which is much less work.
  std::string hash_as;
};

/// The requests of a trace with their prefix chains, ready to be replayed any number of times.
///
/// The chain of hash_ids i0, i1, ... is h_k = H(h_(k-1), i_k), so blocks are equal only after an
/// equal prefix. With blocks smaller than the trace's, each id becomes 512 / block_tokens
/// sub-blocks, numbered within it: a prompt then shares the full small blocks of its last, partial
/// trace block too, but only with prompts that have the very same id there. Requests for different
/// adapters share nothing: KV computed under one is wrong under another.
///
/// Immutable once made: simulations in several threads share one.
class Workload {
 public:
  /// Fails with kInvalidArgument: block_tokens out of range, or fewer records than asked for.
  [[nodiscard]] static Result<Workload> make(const Trace& trace, const WorkloadOptions& options);

  [[nodiscard]] std::span<const WorkloadRequest> requests() const { return requests_; }
  [[nodiscard]] std::uint32_t block_tokens() const { return block_tokens_; }

  [[nodiscard]] std::span<const BlockHash> chain_of(const WorkloadRequest& request) const {
    return std::span(chains_).subspan(request.first_block, request.block_count);
  }

 private:
  Workload() = default;

  std::uint32_t block_tokens_ = 0;
  std::vector<WorkloadRequest> requests_;
  std::vector<BlockHash> chains_;  // Of all requests, one after the other.
};

/// Of each request: tokens that an infinite cache shared by all instances would leave to be
/// computed, at least 1.
[[nodiscard]] std::vector<std::uint32_t> least_uncached_tokens(const Workload& workload);

/// Tokens that an infinite cache shared by all instances would leave to be computed, at least 1
/// per request: the sum over the requests from `first` on, after all before them.
[[nodiscard]] std::uint64_t uncached_tokens_at_best(const Workload& workload, std::size_t first);

}  // namespace ringmaster::sim
