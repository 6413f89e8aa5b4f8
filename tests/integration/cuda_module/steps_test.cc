// Steps by the module's own code: memory, streams, upload of weights, choice of products, recorded
// steps, two steps in flight. With --deterministic every sum has one order, so the module and the
// emulated device, which share nothing but the kernels and their order, give the same tokens.

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

#include "tests/integration/cuda_module/module_on_host.h"
#include "tests/support/cuda_requests.h"
#include "tests/support/emulated_cuda.h"
#include "tests/support/tiny_model_folder.h"

namespace ringmaster::engine {
namespace {

using stand_in::Pace;

CudaOptions deterministic() {
  return {.block_tokens = kBlockTokens,
          .block_count = 64,
          .step_tokens_max = 64,
          .sequences_max = 8,
          .context_tokens_max = 200,
          .is_deterministic = true};
}

std::vector<GenerateRequest> three_requests() {
  return {request_of(5, 1), request_of(30, 2), request_of(17, 3)};
}

using Outputs = std::map<RequestId, std::vector<TokenId>>;

Outputs run_emulated(TinyShape shape, const CudaOptions& options) {
  const auto executor =
      make_cuda_executor(load_tiny_model({.shape = shape}), options, cuda::EmulatedCuda::api());
  return run_all(**executor, three_requests());
}

Outputs run_module(TinyShape shape, const CudaOptions& options) {
  const auto executor = open_module(load_tiny_model({.shape = shape}), options);
  return run_all(*executor, three_requests());
}

class ModuleSteps : public MachineTest, public testing::WithParamInterface<Pace> {
 protected:
  ModuleSteps() : MachineTest({kGib}, GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Paces, ModuleSteps, testing::Values(Pace::kLate, Pace::kAtOnce),
                         [](const auto& param_info) {
                           return param_info.param == Pace::kLate ? std::string("Late")
                                                                  : std::string("AtOnce");
                         });

TEST_P(ModuleSteps, GiveTheTokensOfTheEmulatedDevice) {
  const CudaOptions options = deterministic();
  EXPECT_EQ(run_module(TinyShape::kTinyLlama, options),
            run_emulated(TinyShape::kTinyLlama, options));
}

// Products of more rows than one slab has, and every bit of what a client can see.
TEST_P(ModuleSteps, GiveTheLogProbabilitiesOfTheEmulatedDeviceInSeveralSlabs) {
  CudaOptions options = deterministic();
  options.step_tokens_max = 192;
  StepSchedulerOptions scheduler{.prefill_chunk_tokens = 192};
  const auto model = load_tiny_model({.shape = TinyShape::kTinyQwen2});
  const auto emulated = make_cuda_executor(model, options, cuda::EmulatedCuda::api());
  const std::vector<GenerateRequest> requests{request_of(90, 1), request_of(80, 2)};
  const auto want = logprobs_of(**emulated, requests, scheduler, 192);
  EXPECT_EQ(logprobs_of(*open_module(model, options), requests, scheduler, 192), want);
}

TEST_P(ModuleSteps, GiveItsTokensWithBiasesAndATiedHead) {
  const CudaOptions options = deterministic();
  EXPECT_EQ(run_module(TinyShape::kTinyQwen2, options),
            run_emulated(TinyShape::kTinyQwen2, options));
}

TEST_P(ModuleSteps, GiveItsTokensWithNormsOfQueriesAndKeysAndACacheOfE4m3) {
  CudaOptions options = deterministic();
  options.kv_type = cuda::KvType::kE4m3;
  EXPECT_EQ(run_module(TinyShape::kTinyQwen3, options),
            run_emulated(TinyShape::kTinyQwen3, options));
}

TEST_P(ModuleSteps, GiveItsTokensFromTheHostTier) {
  CudaOptions options = deterministic();
  EngineStats stats;
  const auto model = load_tiny_model({});
  const auto large = make_cuda_executor(model, options, cuda::EmulatedCuda::api());
  const auto want = run_twice(**large, stats);
  options.block_count = 6;
  options.host_block_count = 10;
  EXPECT_EQ(run_twice(*open_module(model, options), stats), want);
  EXPECT_GE(stats.host_loaded_blocks, 8U);
}

TEST_P(ModuleSteps, GiveTheSameTokensWithOverlappedLaunches) {
  CudaOptions options = deterministic();
  const Outputs want = run_module(TinyShape::kTinyLlama, options);
  EXPECT_EQ(machine_.early_kernels, 0);
  options.overlaps_launches = true;
  EXPECT_EQ(run_module(TinyShape::kTinyLlama, options), want);
  EXPECT_EQ(machine_.early_kernels > 0, GetParam() == Pace::kLate);
}

TEST_P(ModuleSteps, GiveTheSameLogProbabilitiesWithOverlappedLaunchesInRecordedSteps) {
  CudaOptions options = deterministic();
  options.is_deterministic = false;
  const auto model = load_tiny_model({.shape = TinyShape::kTinyQwen2});
  const auto want = logprobs_of(*open_module(model, options), three_requests(), {});
  options.overlaps_launches = true;
  EXPECT_EQ(logprobs_of(*open_module(model, options), three_requests(), {}), want);
}

// By the library's algorithm for each number of rows, or by the kernel for few rows: all round
// sums elsewhere.
TEST_P(ModuleSteps, ComeCloseToTheLogProbabilitiesOfTheEmulatedDeviceByAnyProducts) {
  CudaOptions options = deterministic();
  const auto model = load_tiny_model({.shape = TinyShape::kTinyQwen2});
  const auto emulated = make_cuda_executor(model, options, cuda::EmulatedCuda::api());
  std::vector<GenerateRequest> requests = three_requests();
  for (GenerateRequest& request : requests) request.sampling.temperature = 0.0F;
  const auto want = logprobs_of(**emulated, requests, {});
  options.is_deterministic = false;
  for (const auto kernel : {cuda::FewRowsKernel::kNever, cuda::FewRowsKernel::kWhereFaster}) {
    options.few_rows_kernel = kernel;
    const auto got = logprobs_of(*open_module(model, options), requests, {});
    for (const auto& [request, logprobs] : want) {
      for (std::size_t i = 0; i < logprobs.size(); ++i) {
        EXPECT_NEAR(got.at(request)[i], logprobs[i], 0.1) << "request " << request;
      }
    }
  }
}

TEST_P(ModuleSteps, TakeNoMemory) {
  const auto executor = open_module(load_tiny_model({}), deterministic());
  const std::int64_t takes = machine_.takes;
  run_all(*executor, three_requests());
  EXPECT_EQ(machine_.takes, takes);
}

}  // namespace
}  // namespace ringmaster::engine
