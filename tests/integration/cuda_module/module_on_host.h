#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "engine/cuda/cuda_api.h"
#include "engine/cuda/cuda_executor.h"
#include "tests/stand_in/machine.h"

extern "C" const ringmaster::engine::cuda::CudaApi* ringmaster_cuda_api();

// The CUDA module's own functions, on the stand-in for a machine with GPUs.

namespace ringmaster::engine {

inline constexpr std::int64_t kGib = std::int64_t{1} << 30U;

/// A machine for one test, which has to leave nothing behind on it.
class MachineTest : public testing::Test {
 protected:
  explicit MachineTest(const std::vector<std::int64_t>& memory_bytes = {kGib},
                       stand_in::Pace pace = stand_in::Pace::kLate) {
    machine_.restart(memory_bytes, pace);
  }
  ~MachineTest() override { EXPECT_EQ(machine_.left_over(), ""); }

  stand_in::Machine& machine_ = stand_in::Machine::the();
};

/// One layer with random weights, as measurements open it.
inline cuda::CudaOpenRequest small_request() {
  static const std::vector<float> angles(128 * 8, 0.5F);
  return {.shape = {.layers = 1,
                    .hidden = 64,
                    .heads = 4,
                    .kv_heads = 2,
                    .head_dim = 16,
                    .feed_forward = 96,
                    .vocabulary = 128,
                    .context_tokens_max = 128},
          .cosines = angles.data(),
          .sines = angles.data(),
          .block_count = 16,
          .step_tokens_max = 16,
          .sequences_max = 2};
}

/// What open() made of a request. Closed at the end.
struct Opened {
  explicit Opened(const cuda::CudaOpenRequest& request) {
    char text[512] = {};
    failed = ringmaster_cuda_api()->open(&request, &device, &info, text, sizeof text) != 0;
    error = text;
  }
  ~Opened() {
    if (device != nullptr) ringmaster_cuda_api()->close(device);
  }
  Opened(const Opened&) = delete;
  Opened& operator=(const Opened&) = delete;

  bool failed = false;
  std::string error;
  cuda::CudaDevice* device = nullptr;
  cuda::CudaDeviceInfo info;
};

/// The module behind the engine's interface.
inline std::unique_ptr<Executor> open_module(const std::shared_ptr<const LoadedModel>& model,
                                             const CudaOptions& options) {
  auto executor = make_cuda_executor(model, options, *ringmaster_cuda_api());
  EXPECT_TRUE(executor.has_value()) << (executor ? "" : executor.error().message);
  return executor ? std::move(*executor) : nullptr;
}

}  // namespace ringmaster::engine
