// Several GPUs that share a model out, by the module's own code and a stand-in for NCCL.

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nccl.h>

#include "tests/integration/cuda_module/module_on_host.h"
#include "tests/support/cuda_requests.h"
#include "tests/support/emulated_cuda.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

using cuda::CudaOpenRequest;
using stand_in::Pace;

CudaOptions on_two_gpus() {
  return {.gpus = 2,
          .block_tokens = kBlockTokens,
          .block_count = 64,
          .step_tokens_max = 64,
          .sequences_max = 8,
          .context_tokens_max = 200,
          .is_deterministic = true};
}

CudaOpenRequest small_request_of_two() {
  CudaOpenRequest request = small_request();
  request.ranks = 2;
  request.uses_graphs = 0;
  return request;
}

class SeveralGpus : public MachineTest, public testing::WithParamInterface<Pace> {
 protected:
  SeveralGpus() : MachineTest({kGib, kGib}, GetParam()) {}
  ~SeveralGpus() override { cuda::EmulatedCuda::gpus = 1; }
};

INSTANTIATE_TEST_SUITE_P(Paces, SeveralGpus, testing::Values(Pace::kLate, Pace::kAtOnce),
                         [](const auto& param_info) {
                           return param_info.param == Pace::kLate ? std::string("Late")
                                                                  : std::string("AtOnce");
                         });

TEST_P(SeveralGpus, GiveTheTokensOfTheEmulatedOnes) {
  cuda::EmulatedCuda::gpus = 2;
  const std::vector<GenerateRequest> requests{request_of(5, 1), request_of(30, 2),
                                              request_of(17, 3)};
  const auto model = load_tiny_model({.shape = TinyShape::kTinyQwen2});
  const auto emulated = make_cuda_executor(model, on_two_gpus(), cuda::EmulatedCuda::api());
  const auto want = run_all(**emulated, requests);
  EXPECT_EQ(run_all(*open_module(model, on_two_gpus()), requests), want);
}

TEST_P(SeveralGpus, TakeNoMemoryInSteps) {
  const auto executor = open_module(load_tiny_model({}), on_two_gpus());
  const std::int64_t takes = machine_.takes;
  run_all(*executor, {request_of(5, 1), request_of(30, 2), request_of(61, 3)});
  EXPECT_EQ(machine_.takes, takes);
}

TEST_P(SeveralGpus, FailTheStepsRequestsAndNameTheGpuThatFaults) {
  for (const int gpu : {0, 1}) {
    machine_.restart({kGib, kGib}, GetParam());
    const auto executor = open_module(load_tiny_model({}), on_two_gpus());
    machine_.gpu(gpu).fault_at = machine_.gpu(gpu).operations + 40;  // In the second step.
    const auto errors = errors_of(*executor, {request_of(5, 1)});
    ASSERT_EQ(errors.size(), 1U);
    EXPECT_EQ(errors[0].substr(0, 7), "GPU " + std::to_string(gpu) + ": ");
  }
}

class SeveralGpusOpening : public MachineTest {
 protected:
  SeveralGpusOpening() : MachineTest({kGib, kGib, kGib}) { machine_.computes = false; }
};

// The same blocks on each, as many as the fullest GPU holds.
TEST_F(SeveralGpusOpening, TakeAsManyBlocksAsTheFullestOneHolds) {
  CudaOpenRequest request = small_request_of_two();
  request.block_count = 0;
  std::int32_t blocks = 0;
  {
    const Opened equal(request);
    ASSERT_FALSE(equal.failed) << equal.error;
    blocks = equal.info.block_count;
  }
  for (const int fuller : {0, 1}) {
    machine_.gpu(fuller).taken_bytes = kGib / 2;
    const Opened opened(request);
    ASSERT_FALSE(opened.failed) << opened.error;
    EXPECT_LT(opened.info.block_count, blocks / 2);
    EXPECT_NEAR(static_cast<double>(machine_.gpu(fuller).taken_bytes - kGib / 2),
                static_cast<double>(machine_.gpu(1 - fuller).taken_bytes), 1 << 20);
    machine_.gpu(fuller).taken_bytes -= kGib / 2;
  }
}

TEST_F(SeveralGpusOpening, TakeTheGpusInARowFromTheFirstOne) {
  CudaOpenRequest request = small_request_of_two();
  request.ordinal = 1;
  const Opened opened(request);
  ASSERT_FALSE(opened.failed) << opened.error;
  EXPECT_STREQ(opened.info.name, "Stand-in 1");
  EXPECT_EQ(machine_.gpu(0).taken_bytes, 0);
  EXPECT_GT(machine_.gpu(2).taken_bytes, 0);
}

TEST_F(SeveralGpusOpening, NamesTheGpuThatHasNoRoom) {
  machine_.gpu(1).taken_bytes = kGib - (1 << 20);
  EXPECT_EQ(Opened(small_request_of_two()).error,
            "Stand-in 0: GPU 1: memory for products: out of memory: 0.03 GiB wanted, the GPU "
            "has 0.00 GiB free");
  machine_.gpu(1).taken_bytes = 0;
}

TEST_F(SeveralGpusOpening, ReportsWhatNcclHasNoticed) {
  const Opened opened(small_request_of_two());
  ASSERT_FALSE(opened.failed) << opened.error;
  machine_.collective_error = ncclRemoteError;
  std::vector<cuda::SampleOutput> samples(2);
  double seconds = 0.0;
  char error[512] = {};
  EXPECT_EQ(
      ringmaster_cuda_api()->wait(opened.device, samples.data(), 1, &seconds, error, sizeof error),
      1);
  EXPECT_STREQ(error, "step: NCCL: remote process exited or there was a network error");
}

}  // namespace
}  // namespace ringmaster::engine
