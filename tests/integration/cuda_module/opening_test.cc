// What open() makes of a machine, and what it says about one that does not do.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <string>

#include <cuda_runtime.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/cuda_module/module_on_host.h"

namespace ringmaster::engine {
namespace {

using cuda::CudaOpenRequest;
using testing::HasSubstr;

constexpr std::int64_t kMib = std::int64_t{1} << 20U;

class ModuleOpening : public MachineTest {
 protected:
  ModuleOpening() { machine_.computes = false; }

  std::string device_count_error(std::int32_t count = 0) {
    char error[512] = {};
    EXPECT_EQ(ringmaster_cuda_api()->device_count(error, sizeof error), count);
    return error;
  }
};

TEST_F(ModuleOpening, SaysWhatItMadeOfTheRequest) {
  const Opened opened(small_request());
  ASSERT_FALSE(opened.failed) << opened.error;
  EXPECT_STREQ(opened.info.name, "Stand-in 0");
  EXPECT_EQ(opened.info.block_count, 16);
  EXPECT_EQ(opened.info.memory_bytes, kGib);
  EXPECT_EQ(opened.info.graphs, 2);  // Batches of 1 and 2.
  // 16 blocks of 16 tokens, keys and values of two heads of 16 numbers, in one layer.
  EXPECT_EQ(opened.info.kv_bytes, 16 * 16 * 2 * 2 * 16 * 2);
}

// 90 % of the memory, less 256 MiB that are left alone.
TEST_F(ModuleOpening, TakesAsManyBlocksAsFit) {
  CudaOpenRequest request = small_request();
  request.block_count = 0;
  const Opened opened(request);
  ASSERT_FALSE(opened.failed) << opened.error;
  const std::int64_t wanted = kGib * 9 / 10 - 256 * kMib;
  EXPECT_LE(machine_.gpu(0).taken_bytes, wanted + 4 * kMib);  // The card's pages are large.
  EXPECT_GE(machine_.gpu(0).taken_bytes, wanted - 4 * kMib);
  EXPECT_EQ(opened.info.block_count, opened.info.kv_bytes / 2048);
}

TEST_F(ModuleOpening, LeavesAnotherEngineItsShare) {
  CudaOpenRequest request = small_request();
  request.block_count = 0;
  request.memory_utilization = 0.45;
  const Opened first(request);
  const Opened second(request);
  ASSERT_FALSE(second.failed) << second.error;
  EXPECT_EQ(first.info.block_count, second.info.block_count);
}

TEST_F(ModuleOpening, TakesOnlyWhatOthersHaveLeft) {
  machine_.gpu(0).taken_bytes = kGib - 400 * kMib;
  CudaOpenRequest request = small_request();
  request.block_count = 0;
  const Opened opened(request);
  ASSERT_FALSE(opened.failed) << opened.error;
  EXPECT_LE(opened.info.kv_bytes, 144 * kMib);
  EXPECT_GE(opened.info.kv_bytes, 100 * kMib);  // 32 MiB are for products.
}

TEST_F(ModuleOpening, NamesTheFiguresOfTooFewBytesForTheCache) {
  CudaOpenRequest request = small_request();
  request.block_count = 1 << 19;
  const Opened opened(request);
  EXPECT_TRUE(opened.failed);
  EXPECT_THAT(opened.error,
              HasSubstr("Stand-in 0: a KV cache of 524288 blocks needs 1.00 GiB, 0.6"));
  EXPECT_THAT(opened.error, HasSubstr(" GiB are left of 1.00 GiB"));
}

TEST_F(ModuleOpening, NamesTheFiguresOfTooFewBytesForTheWeights) {
  machine_.gpu(0).taken_bytes = kGib - 50 * kMib;
  CudaOpenRequest request = small_request();
  request.shape.vocabulary = 1 << 18;
  const Opened opened(request);
  EXPECT_EQ(opened.error,
            "Stand-in 0: the weights need 0.06 GiB, the GPU has 0.05 GiB free of 1.00 GiB and may "
            "use 0.90 GiB (--memory-utilization)");
}

TEST_F(ModuleOpening, FailsWhereMemoryIsGoneMeanwhile) {
  machine_.gpu(0).taken_bytes = kGib - 16 * kMib;
  const Opened opened(small_request());
  EXPECT_EQ(opened.error,
            "Stand-in 0: memory for products: out of memory: 0.03 GiB wanted, the GPU "
            "has 0.02 GiB free");
}

TEST_F(ModuleOpening, RefusesAHostTierThatHoldsNoBlock) {
  CudaOpenRequest request = small_request();
  request.host_kv_bytes = 2047;
  EXPECT_EQ(Opened(request).error, "Stand-in 0: host tier: 2047 bytes hold no block of 2048 bytes");
}

TEST_F(ModuleOpening, DividesTheHostTierIntoBlocks) {
  CudaOpenRequest request = small_request();
  request.host_kv_bytes = 10 * 2048 + 7;
  const Opened opened(request);
  ASSERT_FALSE(opened.failed) << opened.error;
  EXPECT_EQ(opened.info.host_block_count, 10);
}

TEST_F(ModuleOpening, RefusesAGpuThatNoCodeIsFor) {
  machine_.gpu(0).code_status = cudaErrorNoKernelImageForDevice;
  machine_.gpu(0).code_version = 70;
  EXPECT_EQ(Opened(small_request()).error,
            "Stand-in 0: the module was built for 90a-real, not for compute capability 7.0 "
            "(-DRINGMASTER_CUDA_ARCHITECTURES): no kernel image is available");
}

TEST_F(ModuleOpening, RefusesOverlappedLaunchesOfOlderCode) {
  machine_.gpu(0).ptx_version = 80;
  CudaOpenRequest request = small_request();
  request.overlaps_launches = 1;
  EXPECT_EQ(Opened(request).error,
            "Stand-in 0: launches overlap from compute capability 9.0 on, this is compute "
            "capability 9.0 and the module was built for 90a-real");
}

TEST_F(ModuleOpening, RefusesProductsOfWarpgroupsElsewhere) {
  machine_.gpu(0).code_version = 89;
  CudaOpenRequest request = small_request();
  request.prefill_kernel = cuda::PrefillKernel::kWgmma;
  EXPECT_THAT(Opened(request).error, HasSubstr("the prefill kernel wgmma wants compute capability "
                                               "9.0, this is compute capability 8.9"));
}

// The first is that of queries, keys and values: four heads of 16 numbers, and twice two.
TEST_F(ModuleOpening, NamesTheSizesOfAProductThatTheLibraryHasNoAdviceFor) {
  machine_.failing_function = "cublasLtMatmulAlgoGetHeuristic";
  EXPECT_EQ(Opened(small_request()).error,
            "Stand-in 0: choice of a product of 1 rows, 64 inputs and 128 outputs: internal error");
}

TEST_F(ModuleOpening, NamesTheSizesOfAProductThatNoAlgorithmStartsFor) {
  machine_.failing_function = "cublasLtMatmul";
  EXPECT_EQ(Opened(small_request()).error,
            "Stand-in 0: choice of a product of 1 rows, 64 inputs and 128 outputs: no algorithm "
            "starts");
}

TEST_F(ModuleOpening, CountsTheGpus) {
  EXPECT_EQ(device_count_error(1), "");
}

TEST_F(ModuleOpening, SaysThatThereIsNoDriver) {
  machine_.driver_version = 0;
  EXPECT_EQ(device_count_error(), "no NVIDIA driver is loaded");
}

TEST_F(ModuleOpening, SaysThatTheDriverIsTooOld) {
  machine_.driver_version = 12020;
  EXPECT_EQ(device_count_error(), "the driver is for CUDA 12.2, this build needs " +
                                      std::to_string(CUDART_VERSION / 1000) + "." +
                                      std::to_string(CUDART_VERSION % 1000 / 10));
}

TEST_F(ModuleOpening, SaysThatTheDriverFindsNone) {
  machine_.restart({}, stand_in::Pace::kLate);
  EXPECT_EQ(device_count_error(), "the driver finds none (no CUDA-capable device is detected)");
}

TEST_F(ModuleOpening, TellsHowMuchMemoryIsFree) {
  EXPECT_EQ(ringmaster_cuda_api()->free_memory(0), kGib);
  EXPECT_EQ(ringmaster_cuda_api()->free_memory(1), -1);
}

// The first opening times what the library advises, the second one takes the choice from the file.
TEST_F(ModuleOpening, TakesChosenProductsFromTheTuningFile) {
  const std::string file = testing::TempDir() + "/products-of-module-opening";
  std::remove(file.c_str());
  CudaOpenRequest request = small_request();
  request.tuning_file = file.c_str();
  { const Opened first(request); }
  const std::int64_t first_calls = machine_.calls;
  { const Opened second(request); }
  std::remove(file.c_str());
  EXPECT_LT(machine_.calls - first_calls, first_calls);
}

std::ptrdiff_t entries_of(const std::filesystem::path& folder) {
  const std::filesystem::directory_iterator entries(folder);
  return std::distance(begin(entries), end(entries));
}

TEST_F(ModuleOpening, LeavesNothingBesideTheTuningFile) {
  const std::filesystem::path folder = testing::TempDir() + "/tuning-file-alone";
  std::filesystem::remove_all(folder);
  const std::string file = folder / "products";
  CudaOpenRequest request = small_request();
  request.tuning_file = file.c_str();
  { const Opened opened(request); }
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
  EXPECT_EQ(entries_of(folder), 1);
  std::filesystem::remove_all(folder);
}

TEST_F(ModuleOpening, DoesWithoutATuningFileThatCannotBeWritten) {
  const std::filesystem::path folder = testing::TempDir() + "/tuning-file-is-a-folder";
  const std::string file = folder / "products";
  std::filesystem::create_directories(file);
  CudaOpenRequest request = small_request();
  request.tuning_file = file.c_str();
  const Opened opened(request);
  EXPECT_EQ(opened.error, "");
  EXPECT_EQ(entries_of(folder), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace ringmaster::engine
