// Whichever call of the runtime or its libraries fails: one line says so, nothing ends or hangs,
// and nothing stays behind.

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/cuda/step_packer.h"
#include "engine/executor.h"
#include "tests/integration/cuda_module/module_on_host.h"
#include "tests/support/cuda_requests.h"

namespace ringmaster::engine {
namespace {

/// A prompt beside nothing, then two decode steps, the second begun while the first is in flight.
std::vector<StepInput> steps() {
  const std::vector<TokenId> prompt{1, 2, 3, 4, 5, 6, 7};
  std::vector<StepInput> all(3);
  add_part(all[0], prompt, 0, 5, 3);
  add_part(all[1], prompt, 5, 6, 3);
  add_part(all[2], prompt, 6, 7, 3);
  return all;
}

/// Opens and makes the steps. The first error; empty: none.
std::string make_steps(const Opened& opened) {
  if (opened.failed) return opened.error;
  const cuda::CudaApi& api = *ringmaster_cuda_api();
  cuda::StepPacker packer({.block_tokens = kBlockTokens, .group = 2, .sequences_max = 2});
  char error[512] = {};
  std::vector<cuda::SampleOutput> samples(2);
  double seconds = 0.0;
  int in_flight = 0;
  const auto wait = [&] {
    --in_flight;
    return api.wait(opened.device, samples.data(), 1, &seconds, error, sizeof error) == 0;
  };
  for (const StepInput& input : steps()) {
    if (in_flight == 2 && !wait()) return error;
    const cuda::CudaStep step = packer.pack(input);
    if (api.submit(opened.device, &step, error, sizeof error) != 0) return error;
    ++in_flight;
  }
  while (in_flight > 0) {
    if (!wait()) return error;
  }
  return error;
}

struct Failure {
  std::int32_t ranks;
  bool fails_on;       // Every later call too, as after a fault.
  std::int64_t first;  // Of the calls that fail in turn; see kEvery.
};

/// All calls fail in turn; under the address sanitizer, which would take minutes for them, one of
/// seven, from another one on for each machine and manner.
#ifdef __SANITIZE_ADDRESS__
constexpr std::int64_t kEvery = 7;
#else
constexpr std::int64_t kEvery = 1;
#endif

class FailingCall : public MachineTest, public testing::WithParamInterface<Failure> {
 protected:
  FailingCall() : MachineTest({kGib, kGib}) {
    machine_.computes = false;
    request_.host_block_count = 2;
    request_.ranks = GetParam().ranks;
    request_.uses_graphs = request_.ranks == 1 ? 1 : 0;
    const Opened opened(request_);
    EXPECT_EQ(make_steps(opened), "");
    calls_ = machine_.calls;
  }

  void start_again() {
    machine_.restart({kGib, kGib}, stand_in::Pace::kLate);
    machine_.computes = false;
  }
  /// The first error of opening and steps, if every device is closed after it.
  std::string run() {
    const Opened opened(request_);
    return make_steps(opened);
  }

  cuda::CudaOpenRequest request_ = small_request();
  std::int64_t calls_ = 0;  // Before closing, if none fails.
};

const std::vector<Failure> kFailures{{1, false, 0},
                                     {1, true, 3},
#ifdef RINGMASTER_WITH_NCCL
                                     {2, false, 1},
                                     {2, true, 5}
#endif
};

INSTANTIATE_TEST_SUITE_P(Machines, FailingCall, testing::ValuesIn(kFailures),
                         [](const auto& param_info) {
                           return std::to_string(param_info.param.ranks) +
                                  (param_info.param.fails_on ? "GpusOnAndOn" : "GpusOnce");
                         });

TEST_P(FailingCall, IsReportedAndLeavesNothingBehind) {
  ASSERT_GT(calls_, 100);
  RecordProperty("calls", std::to_string(calls_));
  int passed_over = 0;
  for (std::int64_t call = GetParam().first % kEvery; call < calls_; call += kEvery) {
    start_again();
    machine_.failing_call = call;
    machine_.fails_on = GetParam().fails_on;
    const std::string error = run();
    // An algorithm that does not start is passed over while there is a choice.
    const bool is_choice = error.empty() && machine_.failed_function == "cublasLtMatmul";
    passed_over += is_choice ? 1 : 0;
    EXPECT_TRUE(!error.empty() || is_choice) << "call " << call << " of " << calls_;
    ASSERT_EQ(machine_.left_over(), "") << "call " << call << " of " << calls_;
  }
  EXPECT_EQ(passed_over > 0, !GetParam().fails_on);
}

/// As an illegal address in a kernel: nobody knows before somebody waits.
TEST_P(FailingCall, IsReportedIfTheGpuItselfFaults) {
  start_again();
  {
    const Opened opened(request_);
    EXPECT_EQ(make_steps(opened), "");
  }
  const std::int32_t gpu = GetParam().fails_on ? 0 : request_.ranks - 1;
  const std::int64_t operations = machine_.gpu(gpu).operations;
  ASSERT_GT(operations, 50);
  for (std::int64_t operation = GetParam().first % kEvery; operation < operations;
       operation += kEvery) {
    start_again();
    machine_.gpu(gpu).fault_at = operation;
    EXPECT_NE(run(), "") << "operation " << operation << " of " << operations;
    ASSERT_EQ(machine_.left_over(), "") << "operation " << operation << " of " << operations;
  }
}

}  // namespace
}  // namespace ringmaster::engine
