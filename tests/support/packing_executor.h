#pragma once

#include <cstdint>

#include "engine/cuda/step_packer.h"
#include "engine/simulated/sim_executor.h"
#include "engine/step_check.h"

namespace ringmaster::engine {

/// A simulated device, without waiting, that checks and packs each step as the CUDA device does:
/// what is left of a step's time is the host's.
class PackingExecutor final : public Executor {
 public:
  const ModelInfo& model() const override { return device_.model(); }
  std::int32_t block_tokens() const override { return device_.block_tokens(); }
  std::int32_t block_count() const override { return device_.block_count(); }
  void submit(const StepInput& input) override {
    begun_ = check_step(input, kLimits);
    if (begun_) packed_ = packer_.pack(input);
    device_.submit(input);
  }
  Status wait(StepOutput& output) override { return begun_ ? device_.wait(output) : begun_; }

  [[nodiscard]] const cuda::CudaStep& packed() const { return packed_; }

 private:
  static constexpr StepLimits kLimits{
      .vocabulary_size = 1000, .block_tokens = 16, .block_count = 126'000};

  SimExecutor device_{{.model = {.name = "m",
                                 .vocabulary_size = kLimits.vocabulary_size,
                                 .context_tokens_max = 1'000'000},
                       .block_tokens = kLimits.block_tokens,
                       .block_count = kLimits.block_count},
                      nullptr};
  cuda::StepPacker packer_{
      {.block_tokens = kLimits.block_tokens, .group = 7, .sequences_max = 256}};
  Status begun_;
  cuda::CudaStep packed_;
};

}  // namespace ringmaster::engine
