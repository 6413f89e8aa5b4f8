#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "engine/executor.h"
#include "engine/simulated/instance_profile.h"

namespace ringmaster::engine {

/// Lets the time of a simulated step pass: really, faster, or not at all.
class StepWaiter {
 public:
  virtual ~StepWaiter() = default;

  /// The step in flight begins now.
  virtual void begin() = 0;
  /// Returns `duration` after begin(), or at once if that is past.
  virtual void wait(Duration duration) = 0;
};

struct SimExecutorOptions {
  ModelInfo model;
  std::int32_t block_tokens = 16;
  std::int32_t block_count = 4096;
  InstanceProfile profile;
  std::uint64_t seed = 0;
  /// What outputs are drawn from; empty: the whole vocabulary but for the end tokens.
  std::vector<TokenId> output_tokens;
};

/// A device that computes nothing: steps take modelled time, and each output token is drawn
/// uniformly by a hash of (seed, the request's seed, its index). No output ends by itself.
class SimExecutor final : public Executor {
 public:
  /// `waiter` outlives the executor; null: time is only reported, as StepOutput::device_time.
  /// Requires: some token to draw from.
  SimExecutor(SimExecutorOptions options, StepWaiter* waiter);

  [[nodiscard]] const ModelInfo& model() const override { return options_.model; }
  [[nodiscard]] std::int32_t block_tokens() const override { return options_.block_tokens; }
  [[nodiscard]] std::int32_t block_count() const override { return options_.block_count; }
  void submit(const StepInput& input) override;
  [[nodiscard]] Status wait(StepOutput& output) override;

 private:
  [[nodiscard]] SampledToken draw(const SampleRow& row) const;

  SimExecutorOptions options_;
  StepWaiter* waiter_;
  const StepInput* input_ = nullptr;
};

}  // namespace ringmaster::engine
