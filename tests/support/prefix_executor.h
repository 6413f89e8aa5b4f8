#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "engine/executor.h"

namespace ringmaster::engine {

/// A device whose "KV" of a position is a hash of all tokens up to it, kept in paged blocks like
/// the real thing: a wrong block table, a stale block or a wrong position changes every later
/// output. The next token is a function of the whole sequence only, so that expected_output() can
/// be computed without an engine.
class PrefixExecutor final : public Executor {
 public:
  static constexpr std::int32_t kVocabulary = 1000;
  static constexpr TokenId kEnd = 999;

  PrefixExecutor(std::int32_t block_count, std::int32_t block_tokens, std::int32_t context = 4096,
                 std::int32_t host_block_count = 0)
      : block_count_(block_count),
        block_tokens_(block_tokens),
        host_block_count_(host_block_count),
        cells_(static_cast<std::size_t>(block_count * block_tokens), 0xdead),
        host_cells_(static_cast<std::size_t>(host_block_count * block_tokens), 0xdead) {
    model_ = {.name = "m",
              .vocabulary_size = kVocabulary,
              .context_tokens_max = context,
              .end_tokens = {kEnd}};
  }

  const ModelInfo& model() const override { return model_; }
  std::int32_t block_tokens() const override { return block_tokens_; }
  std::int32_t block_count() const override { return block_count_; }
  std::int32_t host_block_count() const override { return host_block_count_; }
  bool is_lost() const override { return lost; }
  void submit(const StepInput& input) override { input_ = &input; }

  Status wait(StepOutput& output) override {
    const StepInput& input = *std::exchange(input_, nullptr);
    steps.push_back(input);
    if (fails_next || lost) {
      fails_next = false;
      return fail(ErrorCode::kInternal, ErrorOrigin::kInstance, "device lost");
    }
    for (const BlockCopy& copy : input.saves) {
      std::copy_n(cells_.begin() + copy.device * block_tokens_, block_tokens_,
                  host_cells_.begin() + copy.host * block_tokens_);
    }
    for (const BlockCopy& copy : input.loads) {
      std::copy_n(host_cells_.begin() + copy.host * block_tokens_, block_tokens_,
                  cells_.begin() + copy.device * block_tokens_);
    }
    output.sampled.resize(input.sampling.size());
    for (const StepSequence& sequence : input.sequences) run(input, sequence, output);
    return {};
  }

  static TokenVector expected_output(const TokenVector& prompt, std::int32_t count) {
    std::uint64_t state = 0;
    for (const TokenId token : prompt) state = next_state(state, token);
    TokenVector output;
    for (std::int32_t i = 0; i < count; ++i) {
      output.push_back(token_of(state));
      state = next_state(state, output.back());
    }
    return output;
  }

  std::vector<StepInput> steps;  ///< Every step so far.
  bool fails_next = false;
  std::atomic<bool> lost = false;  // Every step fails.

 private:
  static std::uint64_t next_state(std::uint64_t state, TokenId token) {
    return mix64(state * 31 + static_cast<std::uint64_t>(token) + 1);
  }
  static TokenId token_of(std::uint64_t state) {
    return static_cast<TokenId>(state % (kVocabulary - 1));  // Never the end token.
  }

  std::uint64_t& cell(const StepInput& input, const StepSequence& sequence, std::int32_t position) {
    const auto block = static_cast<std::size_t>(input.block_tables[static_cast<std::size_t>(
        sequence.block_table_start + position / block_tokens_)]);
    return cells_[block * static_cast<std::size_t>(block_tokens_) +
                  static_cast<std::size_t>(position % block_tokens_)];
  }

  void run(const StepInput& input, const StepSequence& sequence, StepOutput& output) {
    std::uint64_t state = 0;
    for (std::int32_t i = 0; i < sequence.query_tokens; ++i) {
      const auto at = static_cast<std::size_t>(sequence.query_start + i);
      const std::int32_t position = input.positions[at];
      state = position == 0 ? 0 : cell(input, sequence, position - 1);
      state = next_state(state, input.tokens[at]);
      cell(input, sequence, position) = state;
    }
    if (sequence.sample_row < 0) return;
    output.sampled[static_cast<std::size_t>(sequence.sample_row)].token = token_of(state);
  }

  ModelInfo model_;
  std::int32_t block_count_;
  std::int32_t block_tokens_;
  std::int32_t host_block_count_;
  std::vector<std::uint64_t> cells_;  // [blocks, block_tokens]
  std::vector<std::uint64_t> host_cells_;
  const StepInput* input_ = nullptr;
};

}  // namespace ringmaster::engine
