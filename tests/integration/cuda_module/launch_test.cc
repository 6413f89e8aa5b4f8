// How launch.cuh starts kernels, by the stand-in's own check of what it is given, and with the next
// kernel begun as early as a driver may.

#include "engine/cuda/module/launch.cuh"

#include <cstdint>

#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include "tests/integration/cuda_module/module_on_host.h"

namespace ringmaster::engine {
namespace {

using cuda::GpuLane;
using stand_in::Pace;

/// Adds one, so that each of a row of them has to see what the one before wrote.
template <int kShared>
struct AddOne {
  struct Args {
    std::int32_t* at;
  };
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    if (lane.block_x() == 0 && lane.thread() == 0) ++*args.at;
  }
};

class ModuleLaunch : public MachineTest {
 protected:
  explicit ModuleLaunch(Pace pace = Pace::kLate) : MachineTest({kGib, kGib}, pace) {
    EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&on_gpu_), 4), cudaSuccess);
    EXPECT_EQ(cudaMallocHost(reinterpret_cast<void**>(&pinned_), 4), cudaSuccess);
    EXPECT_EQ(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), cudaSuccess);
    EXPECT_EQ(cudaMemset(on_gpu_, 0, 4), cudaSuccess);
    EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);
  }
  ~ModuleLaunch() override {
    cudaStreamDestroy(stream_);
    cudaFree(on_gpu_);
    cudaFreeHost(pinned_);
  }

  template <int kShared>
  cudaError_t add_one(bool overlaps = false, cuda::Grid grid = {3, 1}) {
    return cuda::launch_kernel<AddOne<kShared>>({stream_, overlaps}, grid, kShared,
                                                {.at = on_gpu_});
  }
  /// As launch_kernel() with overlapping, but by another entry.
  cudaError_t add_one_by(void (*entry)(AddOne<0>::Args, bool)) {
    cudaLaunchAttribute overlap{};
    overlap.id = cudaLaunchAttributeProgrammaticStreamSerialization;
    overlap.val.programmaticStreamSerializationAllowed = 1;
    cudaLaunchConfig_t config{};
    config.gridDim = dim3(1);
    config.blockDim = dim3(AddOne<0>::kThreads);
    config.stream = stream_;
    config.attrs = &overlap;
    config.numAttrs = 1;
    return cuda::cudaLaunchKernelEx(&config, entry, AddOne<0>::Args{on_gpu_}, true);
  }
  /// Of a failed copy -1.
  std::int32_t sum() {
    *pinned_ = -1;
    EXPECT_EQ(cudaMemcpyAsync(pinned_, on_gpu_, 4, cudaMemcpyDeviceToHost, stream_), cudaSuccess);
    EXPECT_EQ(cudaStreamSynchronize(stream_), cudaSuccess);
    return *pinned_;
  }

  std::int32_t* on_gpu_ = nullptr;
  std::int32_t* pinned_ = nullptr;
  cudaStream_t stream_ = nullptr;
};

class ModuleLaunchOrder : public ModuleLaunch, public testing::WithParamInterface<Pace> {
 protected:
  ModuleLaunchOrder() : ModuleLaunch(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Paces, ModuleLaunchOrder, testing::Values(Pace::kLate, Pace::kAtOnce),
                         [](const auto& param_info) {
                           return param_info.param == Pace::kLate ? std::string("Late")
                                                                  : std::string("AtOnce");
                         });

TEST_P(ModuleLaunchOrder, BeginsTheNextKernelAheadOfTheEndOfTheOneBefore) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(add_one<0>(true), cudaSuccess);
  EXPECT_EQ(sum(), 5);
  EXPECT_EQ(machine_.early_kernels, GetParam() == Pace::kLate ? 4 : 0);
}

TEST_P(ModuleLaunchOrder, BeginsNoneEarlyUnlessAsked) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(add_one<0>(), cudaSuccess);
  EXPECT_EQ(sum(), 5);
  EXPECT_EQ(machine_.early_kernels, 0);
}

TEST_P(ModuleLaunchOrder, BeginsNoneAheadOfACopy) {
  EXPECT_EQ(add_one<0>(true), cudaSuccess);
  EXPECT_EQ(cudaMemcpyAsync(on_gpu_, on_gpu_, 4, cudaMemcpyDeviceToDevice, stream_), cudaSuccess);
  EXPECT_EQ(add_one<0>(true), cudaSuccess);
  EXPECT_EQ(sum(), 2);
  EXPECT_EQ(machine_.early_kernels, 0);
}

TEST_P(ModuleLaunchOrder, OverlapsRecordedKernelsToo) {
  cudaGraph_t graph = nullptr;
  cudaGraphExec_t executable = nullptr;
  EXPECT_EQ(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), cudaSuccess);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(add_one<0>(true), cudaSuccess);
  EXPECT_EQ(cudaStreamEndCapture(stream_, &graph), cudaSuccess);
  EXPECT_EQ(cudaGraphInstantiate(&executable, graph, 0), cudaSuccess);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(cudaGraphLaunch(executable, stream_), cudaSuccess);
  EXPECT_EQ(sum(), 6);
  EXPECT_EQ(cudaGraphExecDestroy(executable), cudaSuccess);
  EXPECT_EQ(cudaGraphDestroy(graph), cudaSuccess);
}

// What the stand-in is for: an entry that goes on before the kernel ahead of it has written.
TEST_P(ModuleLaunchOrder, IsNoticedIfItDoesNotWait) {
  EXPECT_EQ(add_one<0>(true), cudaSuccess);
  EXPECT_EQ(add_one_by([](AddOne<0>::Args args, bool /*overlaps*/) {
              GpuLane lane(nullptr);
              lane.let_next_launch_come();
              if (lane.thread() == 0) *args.at = 10 * (1 + *args.at);
            }),
            cudaSuccess);
  EXPECT_EQ(sum(), GetParam() == Pace::kLate ? 11 : 20);
}

TEST_P(ModuleLaunchOrder, IsNoticedIfItReadsBeforeItWaits) {
  EXPECT_EQ(add_one<0>(true), cudaSuccess);
  EXPECT_EQ(add_one_by([](AddOne<0>::Args args, bool /*overlaps*/) {
              GpuLane lane(nullptr);
              const std::int32_t before = *args.at;
              lane.wait_for_launch_before();
              if (lane.thread() == 0) *args.at = before + 1;
            }),
            cudaSuccess);
  EXPECT_EQ(sum(), GetParam() == Pace::kLate ? 1 : 2);
}

TEST_F(ModuleLaunch, AsksOnceForMoreSharedMemoryThanAnyKernelHas) {
  constexpr int kLarge = (48 << 10) + 16;
  const auto calls_of = [&] {
    const std::int64_t before = machine_.calls;
    EXPECT_EQ(add_one<kLarge>(), cudaSuccess);
    return machine_.calls - before;
  };
  const std::int64_t first = calls_of();
  EXPECT_EQ(calls_of(), first - 1);
  EXPECT_EQ(sum(), 2);
}

TEST_F(ModuleLaunch, AsksForNoMoreSharedMemoryThanAnyKernelHas) {
  const std::int64_t before = machine_.calls;
  EXPECT_EQ(add_one<48 << 10>(), cudaSuccess);
  EXPECT_EQ(machine_.calls - before, 1);
  EXPECT_EQ(sum(), 1);
}

TEST_F(ModuleLaunch, AsksForSharedMemoryOnEachGpu) {
  constexpr int kLarge = (48 << 10) + 32;
  EXPECT_EQ(add_one<kLarge>(), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(1), cudaSuccess);
  cudaStream_t other = nullptr;
  EXPECT_EQ(cudaStreamCreateWithFlags(&other, cudaStreamNonBlocking), cudaSuccess);
  std::int32_t* there = nullptr;
  EXPECT_EQ(cudaMalloc(reinterpret_cast<void**>(&there), 4), cudaSuccess);
  EXPECT_EQ(cuda::launch_kernel<AddOne<kLarge>>({.stream = other}, {1, 1}, kLarge, {.at = there}),
            cudaSuccess);
  EXPECT_EQ(cudaStreamSynchronize(other), cudaSuccess);
  EXPECT_EQ(cudaFree(there), cudaSuccess);
  EXPECT_EQ(cudaStreamDestroy(other), cudaSuccess);
  EXPECT_EQ(cudaSetDevice(0), cudaSuccess);
  EXPECT_EQ(sum(), 1);
}

TEST_F(ModuleLaunch, AsksAgainForSharedMemoryThatWasRefused) {
  constexpr int kLarge = (48 << 10) + 48;
  machine_.failing_function = "cudaFuncSetAttribute";
  EXPECT_EQ(add_one<kLarge>(), cudaErrorUnknown);
  EXPECT_EQ(sum(), 0);
  machine_.failing_function.clear();
  EXPECT_EQ(add_one<kLarge>(), cudaSuccess);
  EXPECT_EQ(sum(), 1);
}

TEST_F(ModuleLaunch, ReportsSharedMemoryThatNoGpuHas) {
  EXPECT_EQ(add_one<(227 << 10) + 16>(), cudaErrorInvalidValue);
  EXPECT_EQ(sum(), 0);
}

TEST_F(ModuleLaunch, ReportsGridsThatNoGpuHas) {
  EXPECT_EQ(add_one<0>(false, {1, 65536}), cudaErrorInvalidConfiguration);
  EXPECT_EQ(add_one<0>(false, {0, 1}), cudaErrorInvalidConfiguration);
}

}  // namespace
}  // namespace ringmaster::engine
