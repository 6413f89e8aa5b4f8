#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

#include "base/check.h"
#include "tests/support/prefix_executor.h"

namespace ringmaster::engine {

/// A PrefixExecutor that takes two steps, and ends an output at every token that 40 divides.
class AheadExecutor final : public Executor {
 public:
  AheadExecutor(std::int32_t blocks, std::int32_t block_tokens, std::int32_t host_blocks = 0)
      : device_(blocks, block_tokens, 4096, host_blocks) {
    model_ = device_.model();
    for (TokenId token = 0; token < model_.vocabulary_size; token += 40) {
      model_.end_tokens.push_back(token);
    }
  }

  const ModelInfo& model() const override { return model_; }
  std::int32_t block_tokens() const override { return device_.block_tokens(); }
  std::int32_t block_count() const override { return device_.block_count(); }
  std::int32_t host_block_count() const override { return device_.host_block_count(); }
  std::int32_t steps_in_flight_max() const override { return 2; }

  void submit(const StepInput& input) override {
    RINGMASTER_CHECK(done_.size() < 2);
    StepInput step = input;
    for (TokenId& token : step.tokens) {
      if (token < 0) token = newest_[slot_of_sample(token)];
    }
    StepOutput output;
    device_.submit(step);
    const Status ran = device_.wait(output);
    for (const StepSequence& sequence : step.sequences) {
      if (!ran || sequence.sample_row < 0) continue;
      newest_[sequence.slot] = output.sampled[static_cast<std::size_t>(sequence.sample_row)].token;
    }
    done_.emplace_back(ran, std::move(output));
    ahead += done_.size() == 2 ? 1 : 0;
  }

  Status wait(StepOutput& output) override {
    auto [ran, result] = std::move(done_.front());
    done_.pop_front();
    output = std::move(result);
    return ran;
  }

  /// What a request should get: the device's outputs up to an end token or the limit.
  TokenVector expected(const TokenVector& prompt, std::int32_t output_tokens) const {
    TokenVector output = PrefixExecutor::expected_output(prompt, output_tokens);
    const auto end = std::ranges::find_if(output, [](TokenId token) { return token % 40 == 0; });
    if (end != output.end()) output.erase(end + 1, output.end());
    return output;
  }

  PrefixExecutor& device() { return device_; }
  std::atomic<int> ahead = 0;  ///< Steps submitted while another was in flight.

 private:
  PrefixExecutor device_;
  ModelInfo model_;
  std::map<std::int32_t, TokenId> newest_;
  std::deque<std::pair<Status, StepOutput>> done_;
};

}  // namespace ringmaster::engine
