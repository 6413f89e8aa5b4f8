#pragma once

#include <cstdint>
#include <vector>

#include "engine/executor.h"
#include "engine/generate_request.h"
#include "tokens/block_hash.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// A request inside the engine: its tokens so far and the blocks that hold their KV.
///
/// Invariants: computed_tokens <= tokens.size(); `chain` has one hash for each full block of
/// `tokens`; the blocks cover at least computed_tokens; blocks [0, settled_blocks) are final.
struct Sequence {
  enum class State { kWaiting, kRunning };

  RequestId id = 0;
  std::int32_t priority = 0;
  State state = State::kWaiting;

  TokenVector tokens;  ///< Prompt, then output.
  std::int32_t prompt_tokens = 0;
  std::int32_t output_tokens_max = 0;
  bool ignores_end_tokens = false;
  SamplingOptions sampling;
  BlockHash seed;
  PrefixChain chain;

  std::vector<BlockId> blocks;
  std::int32_t computed_tokens = 0;  ///< With KV in `blocks`.
  std::int32_t settled_blocks = 0;   ///< Leading blocks that came from or went to the cache.
  std::int32_t cached_tokens = -1;   ///< At its first admission; -1 before it.
  std::int32_t slot = -1;            ///< Only while running.

  std::int32_t overtakes = 0;  ///< Later arrivals of its priority that were admitted before it.
  bool was_preempted = false;
  bool is_aborted = false;  ///< While in a step in flight: ends when that retires.

  [[nodiscard]] std::int32_t total_tokens() const {
    return static_cast<std::int32_t>(tokens.size());
  }
  [[nodiscard]] std::int32_t output_tokens() const { return total_tokens() - prompt_tokens; }
  [[nodiscard]] std::int32_t uncomputed_tokens() const { return total_tokens() - computed_tokens; }

  /// Only the newest output token lacks its KV.
  [[nodiscard]] bool is_decoding() const { return output_tokens() > 0 && uncomputed_tokens() == 1; }

  /// Makes room for that many further tokens, their blocks and the hashes of these.
  void reserve(std::int32_t more, std::int32_t block_tokens) {
    const auto all = tokens.size() + static_cast<std::size_t>(more);
    const auto block_count = all / static_cast<std::size_t>(block_tokens) + 1;
    tokens.reserve(all);
    chain.reserve(block_count);
    blocks.reserve(block_count);
  }

  /// Appends an output token and the hash of the block that it fills, if it does.
  void append(TokenId token, std::int32_t block_tokens) {
    tokens.push_back(token);
    const auto filled = chain.size() + 1;
    if (tokens.size() < filled * static_cast<std::size_t>(block_tokens)) return;
    const BlockHash& previous = chain.empty() ? seed : chain.back();
    chain.push_back(
        chain_block(previous, TokenSpan(tokens).last(static_cast<std::size_t>(block_tokens))));
  }
};

}  // namespace ringmaster::engine
