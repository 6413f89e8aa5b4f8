#pragma once

#include <cstdint>

#include "engine/cuda/step_packer.h"
#include "engine/simulated/sim_executor.h"

namespace ringmaster::engine {

/// A simulated device, without waiting, that packs each step as the CUDA device does: what is left
/// of a step's time is the host's.
class PackingExecutor final : public Executor {
 public:
  const ModelInfo& model() const override { return device_.model(); }
  std::int32_t block_tokens() const override { return device_.block_tokens(); }
  std::int32_t block_count() const override { return device_.block_count(); }
  void submit(const StepInput& input) override {
    packed_ = packer_.pack(input);
    device_.submit(input);
  }
  Status wait(StepOutput& output) override { return device_.wait(output); }

  [[nodiscard]] const cuda::CudaStep& packed() const { return packed_; }

 private:
  SimExecutor device_{
      {.model = {.name = "m", .vocabulary_size = 1000, .context_tokens_max = 1'000'000},
       .block_tokens = 16,
       .block_count = 126'000},
      nullptr};
  cuda::StepPacker packer_{{.block_tokens = 16, .group = 7, .sequences_max = 256}};
  cuda::CudaStep packed_;
};

}  // namespace ringmaster::engine
