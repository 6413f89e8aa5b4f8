#include <gtest/gtest.h>

#include "tests/gpu/copy_cases.h"
#include "tests/gpu/e4m3_cases.h"
#include "tests/gpu/gemv_cases.h"
#include "tests/gpu/kernel_cases.h"
#include "tests/support/emulated_device.h"

// The kernels of the CUDA device in the grid emulator: the same source, index arithmetic, barriers
// and tensor-core fragments as on a card, against references in double.

namespace ringmaster::engine::cuda {
namespace {

class CudaKernels : public testing::TestWithParam<ThreadOrder> {
 protected:
  static void expect(const CaseResult& result) {
    RecordProperty("last_case", result.name);
    EXPECT_LE(result.error, result.bound) << result.name;
  }
  EmulatedDevice device_{GetParam()};
};

TEST_P(CudaKernels, NormaliseRowsOfOddWidths) {
  expect(norm_case(device_, 3, 64, false));
  expect(norm_case(device_, 2, 200, true));
  expect(norm_case(device_, 1, 3584, true));
}

TEST_P(CudaKernels, GateWithSwiGlu) {
  expect(swiglu_case(device_, 3, 8));
  expect(swiglu_case(device_, 2, 1096));
}

TEST_P(CudaKernels, EmbedTokensAndSamplesAndNothingOutsideTheTable) {
  expect(embed_case(device_, 8));
  expect(embed_case(device_, 1040));
}

// Each against what the cache holds, and, within a limit, against what was stored there.
TEST_P(CudaKernels, DecodeOverACacheOfE4m3) {
  expect(decode_case<16, KvType::kE4m3>(
      device_, {.heads = 4, .kv_heads = 2, .dim = 16, .block_tokens = 16}, {1, 0, 17, 257}, 3));
  expect(decode_case<32, KvType::kE4m3>(
      device_, {.heads = 21, .kv_heads = 1, .dim = 32, .block_tokens = 1}, {64, 33}, 1));
  expect(decode_case<64, KvType::kE4m3>(
      device_, {.heads = 8, .kv_heads = 2, .dim = 64, .block_tokens = 16}, {15, 0, 520, 1}, 9));
  expect(decode_case<64, KvType::kE4m3>(
      device_, {.heads = 3, .kv_heads = 1, .dim = 64, .block_tokens = 5}, {64, 33}, 1));
  expect(decode_case<128, KvType::kE4m3>(
      device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16}, {300}, 2));
}

TEST_P(CudaKernels, PrefillOverACacheOfE4m3) {
  expect(prefill_case<16, 1, KvType::kE4m3>(
      device_, {.heads = 4, .kv_heads = 2, .dim = 16, .block_tokens = 16}, {{33, 40}, {5, 130}}));
  expect(prefill_case<32, 2, KvType::kE4m3>(
      device_, {.heads = 2, .kv_heads = 2, .dim = 32, .block_tokens = 3}, {{70, 70}}));
  expect(prefill_case<64, 1, KvType::kE4m3>(
      device_, {.heads = 4, .kv_heads = 2, .dim = 64, .block_tokens = 5}, {{2, 2}, {33, 40}}));
  expect(prefill_case<64, 2, KvType::kE4m3>(
      device_, {.heads = 3, .kv_heads = 1, .dim = 64, .block_tokens = 16}, {{5, 130}, {64, 64}}));
  expect(prefill_case<128, 1, KvType::kE4m3>(
      device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16}, {{20, 150}}));
}

TEST_P(CudaKernels, StoreRotatedKeysAsE4m3WithAScaleForEachRow) {
  expect(rope_case(device_, {.heads = 4, .kv_heads = 2, .dim = 16, .block_tokens = 7}, false,
                   KvType::kE4m3));
  expect(rope_case(device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16}, true,
                   KvType::kE4m3));
  expect(rope_case(device_, {.heads = 6, .kv_heads = 3, .dim = 64, .block_tokens = 5}, false,
                   KvType::kE4m3));
}

TEST_P(CudaKernels, StoreRowsOutOfTheOrdinaryAsE4m3) {
  expect(e4m3_extremes_case(device_));
}

TEST_P(CudaKernels, MultiplyFewRowsOfOddSizes) {
  expect(gemv_case(device_, 1, 8, 1, false, true));
  expect(gemv_case(device_, 2, 264, 9, false, false));
  expect(gemv_case(device_, 3, 1032, 23, true, false));
  expect(gemv_case(device_, 4, 3584, 17, false, true));
  expect(gemv_case(device_, 1, 2040, 40, true, true));
}

TEST_P(CudaKernels, MultiplyARowToTheSameBitsAloneAndBesideOthers) {
  expect(gemv_alone_case(device_, 1400, 11));
}

TEST_P(CudaKernels, CopyWholeBlocksToTheHostAndBack) {
  expect(copy_case(device_, 2, 16, 3));
  expect(copy_case(device_, 3, 5, 300));
  expect(copy_case(device_, 2, 5, 40, KvType::kE4m3));
}

TEST_P(CudaKernels, RotateAndStoreKeysInTheirBlocks) {
  expect(rope_case(device_, {.heads = 4, .kv_heads = 2, .dim = 16, .block_tokens = 16}, false));
  expect(rope_case(device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16}, true));
  expect(rope_case(device_, {.heads = 6, .kv_heads = 3, .dim = 64, .block_tokens = 5}, true));
}

TEST_P(CudaKernels, DecodeOverOneAndManyPieces) {
  expect(decode_case<16>(device_, {.heads = 4, .kv_heads = 2, .dim = 16, .block_tokens = 16},
                         {1, 0, 17, 257}, 3));
  expect(decode_case<32>(device_, {.heads = 3, .kv_heads = 1, .dim = 32, .block_tokens = 5},
                         {64, 33}, 1));
  expect(decode_case<64>(device_, {.heads = 8, .kv_heads = 2, .dim = 64, .block_tokens = 16},
                         {15, 520}, 9));
  expect(decode_case<128>(device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16},
                          {300}, 2));
}

TEST_P(CudaKernels, DecodeWithMoreQueryHeadsThanATileHolds) {
  expect(decode_case<16>(device_, {.heads = 21, .kv_heads = 1, .dim = 16, .block_tokens = 8},
                         {40, 3}, 2));
}

TEST_P(CudaKernels, PrefillFromTheStartAndBehindACachedPrefix) {
  expect(prefill_case<16, 1>(device_, {.heads = 4, .kv_heads = 2, .dim = 16, .block_tokens = 16},
                             {{2, 2}, {33, 40}, {5, 130}}));
  expect(prefill_case<64, 2>(device_, {.heads = 3, .kv_heads = 1, .dim = 64, .block_tokens = 7},
                             {{50, 71}}));
  expect(prefill_case<128, 2>(device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16},
                              {{20, 90}}));
  expect(prefill_case<32, 1>(device_, {.heads = 2, .kv_heads = 2, .dim = 32, .block_tokens = 64},
                             {{70, 70}}));
}

TEST_P(CudaKernels, PrefillByWarpgroupsFromTheStartAndBehindACachedPrefix) {
  expect(wgmma_case<64, 1>(device_, {.heads = 4, .kv_heads = 2, .dim = 64, .block_tokens = 16},
                           {{2, 2}, {33, 40}, {5, 130}}));
  expect(wgmma_case<64, 2>(device_, {.heads = 3, .kv_heads = 1, .dim = 64, .block_tokens = 7},
                           {{50, 71}, {64, 64}}));
  expect(wgmma_case<128, 1>(device_, {.heads = 2, .kv_heads = 2, .dim = 128, .block_tokens = 5},
                            {{70, 70}, {1, 1}}));
  expect(wgmma_case<128, 2>(device_, {.heads = 7, .kv_heads = 1, .dim = 128, .block_tokens = 16},
                            {{20, 150}}));
}

// A tile of 32 or 64 keys whose last one the first row does not see has to be masked.
TEST_P(CudaKernels, PrefillARowThatSeesAllKeysOfATileButTheLast) {
  expect(prefill_case<16, 1>(device_, {.heads = 1, .kv_heads = 1, .dim = 16, .block_tokens = 16},
                             {{2, 32}, {2, 64}, {3, 97}}));
  expect(wgmma_case<64, 1>(device_, {.heads = 1, .kv_heads = 1, .dim = 64, .block_tokens = 16},
                           {{2, 64}, {2, 128}}));
}

// 227 KiB on compute capability 9.0, the only one that has its instructions.
TEST(CudaSharedMemory, FitsTwoBlocksOfWarpgroupsOnOneMultiprocessor) {
  EXPECT_LE((WgmmaAttention<128, 2>::shared_bytes()), (227 << 10) / 2);
}

// 99 KiB on compute capability 8.9, the least of those that the module is built for.
TEST(CudaSharedMemory, FitsEveryGpuThatIsBuiltFor) {
  constexpr std::int32_t kBlockMax = 99 << 10;
  EXPECT_LE((DecodeAttention<128, KvType::kBf16>::shared_bytes()), kBlockMax);
  EXPECT_LE((DecodeAttention<128, KvType::kE4m3>::shared_bytes()), kBlockMax);
  EXPECT_LE((PrefillAttention<128, 2, KvType::kBf16>::shared_bytes()), kBlockMax);
  EXPECT_LE((PrefillAttention<128, 2, KvType::kE4m3>::shared_bytes()), kBlockMax);
}

constexpr const char* kOrderNames[] = {"Ascending", "Descending", "WarpsAscending",
                                       "WarpsDescending"};

INSTANTIATE_TEST_SUITE_P(Orders, CudaKernels,
                         testing::Values(ThreadOrder::kAscending, ThreadOrder::kDescending,
                                         ThreadOrder::kWarpsAscending,
                                         ThreadOrder::kWarpsDescending),
                         [](const auto& param_info) {
                           return kOrderNames[static_cast<int>(param_info.param)];
                         });

}  // namespace
}  // namespace ringmaster::engine::cuda
