#include "tests/support/emulated_warpgroup.h"

#include <cmath>
#include <stdexcept>
#include <vector>

#include <gtest/gtest.h>

#include "engine/cuda/kernels/shared_matrix.h"
#include "engine/cuda/kernels/tile_math.cuh"
#include "tests/support/grid_emulator.h"

// What the emulator takes a warpgroup's products for, and what it must notice there.

namespace ringmaster::engine::cuda {
namespace {

// By hand: rows of 128 bytes, chunk c of row r at c ^ (r % 8), eight rows in 1024 bytes.
TEST(EmulatedMatrix, FindsElementsOfRows) {
  const EmulatedMatrix matrix(matrix_of_rows(0x2000));
  EXPECT_EQ(matrix.in_rows(0, 0), 0x2000U);
  EXPECT_EQ(matrix.in_rows(0, 9), 0x2012U);   // Chunk 1, second element.
  EXPECT_EQ(matrix.in_rows(1, 0), 0x2090U);   // Row 1: chunk 0 stands at 1.
  EXPECT_EQ(matrix.in_rows(1, 8), 0x2080U);   // And chunk 1 at 0.
  EXPECT_EQ(matrix.in_rows(7, 8), 0x23e0U);   // 7 * 128, chunk 1 at 6.
  EXPECT_EQ(matrix.in_rows(10, 0), 0x2520U);  // Second step, row 2.
  // 16 columns further on: chunk 2 of row 3 stands at 1.
  EXPECT_EQ(EmulatedMatrix(matrix_of_rows(0x2020)).in_rows(3, 0), 0x2190U);
}

TEST(EmulatedMatrix, FindsElementsOfColumns) {
  const EmulatedMatrix matrix(matrix_of_columns(0x2000, 0x1800));
  EXPECT_EQ(matrix.in_columns(0, 0), 0x2000U);
  EXPECT_EQ(matrix.in_columns(9, 0), 0x2012U);
  EXPECT_EQ(matrix.in_columns(0, 1), 0x2090U);   // The next column is a row of 128 bytes.
  EXPECT_EQ(matrix.in_columns(8, 15), 0x27e0U);  // 1024 + 7 * 128, chunk 1 at 6.
  EXPECT_EQ(matrix.in_columns(64, 0), 0x3800U);  // The next panel.
}

TEST(EmulatedMatrix, RefusesWhatItDoesNotKnow) {
  const std::uint64_t good = matrix_of_rows(0x2000);
  EXPECT_THROW(EmulatedMatrix(good ^ 1ULL << 62U), std::logic_error);  // No swizzle.
  EXPECT_THROW(EmulatedMatrix(good | 1ULL << 49U), std::logic_error);  // A base offset.
  EXPECT_THROW(EmulatedMatrix(good | 1ULL << 15U), std::logic_error);  // A reserved bit.
}

enum class Fault {
  kNone,
  kPlainLayout,
  kNotShown,
  kNoBarrier,
  kNotBegun,
  kNotCommitted,
  kNotFinished,
  kReadEarly,
  kReadNewest,
  kOverwritten
};

/// out[m][n] = sum over k of a[m][k] * b[n][k], 64 x 64 of 16: both operands in rows.
template <Fault kFault>
struct GroupProduct {
  struct Args {
    const Bf16* from;  ///< a, then b.
    float* out;
  };
  static constexpr int kThreads = 128;
  static constexpr int kSharedBytes = 1024 + 128 * 128;

  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    const std::uint32_t begin = lane.shared_address(lane.shared());
    const std::uint32_t to_panel = (1024 - begin % 1024) % 1024;
    auto* panel = static_cast<Bf16x8*>(lane.shared()) + to_panel / 16;
    for (int chunk = 0; chunk < 2; ++chunk) {
      const int row = lane.thread();
      const int to = kFault == Fault::kPlainLayout ? row * 8 + chunk : swizzled<8>(row, chunk);
      lane.copy_async(panel + to, args.from + row * 16 + chunk * 8, true);
    }
    lane.commit_copies();
    lane.template wait_copies<0>();
    if (kFault != Fault::kNotShown) lane.show_to_products();
    if (kFault != Fault::kNoBarrier) lane.sync();
    float sums[8][4];
    if (kFault != Fault::kNotBegun) lane.begin_products();
    lane.multiply_matrices(sums, matrix_of_rows(begin + to_panel),
                           matrix_of_rows(begin + to_panel + 64 * 128), false);
    if (kFault != Fault::kNotCommitted) lane.commit_products();
    float newest[8][4];  // The same once more, as a group of its own.
    if (kFault != Fault::kNotCommitted && kFault != Fault::kNotFinished) {
      lane.multiply_matrices(newest, matrix_of_rows(begin + to_panel),
                             matrix_of_rows(begin + to_panel + 64 * 128), false);
      lane.commit_products();
    }
    if (kFault == Fault::kOverwritten) {
      lane.copy_async(panel + lane.thread(), args.from, true);
      lane.commit_copies();
      lane.template wait_copies<0>();
    }
    const float early = sums[0][0];
    if (kFault != Fault::kNotFinished) lane.template finish_products<1>(sums);
    if (kFault == Fault::kReadEarly) sums[0][0] = early;
    if (kFault == Fault::kReadNewest) sums[0][0] = newest[0][0];
    for (int i = 0; i < 32; ++i) {
      const int row = lane.thread() / 32 * 16 + i / 2 % 2 * 8 + lane.thread() % 32 / 4;
      const int column = i / 4 * 8 + lane.thread() % 4 * 2 + i % 2;
      args.out[row * 64 + column] = sums[i / 4][i % 4];
    }
    if (kFault != Fault::kNotFinished) lane.template finish_products<0>(newest);
  }
};

/// Wrong sums; a number that is none is wrong.
template <Fault kFault>
int wrong_sums(ThreadOrder order) {
  struct alignas(16) Operands {
    Bf16 at[128 * 16];
  } operands;
  for (int i = 0; i < 128 * 16; ++i) {
    operands.at[i] = to_bf16(static_cast<float>(i * 7919 % 31 - 15));
  }
  std::vector<float> out(64 * 64);
  using Kernel = GroupProduct<kFault>;
  GridEmulator(order).launch<Kernel>({1, 1}, Kernel::kSharedBytes, {operands.at, out.data()});
  int wrong = 0;
  for (int m = 0; m < 64; ++m) {
    for (int n = 0; n < 64; ++n) {
      float want = 0.0F;
      for (int k = 0; k < 16; ++k) {
        want += to_float(operands.at[m * 16 + k]) * to_float(operands.at[(64 + n) * 16 + k]);
      }
      if (!(out[static_cast<std::size_t>(m * 64 + n)] == want)) ++wrong;
    }
  }
  return wrong;
}

class EmulatedProducts : public testing::TestWithParam<ThreadOrder> {};

TEST_P(EmulatedProducts, MultiplyRows) {
  EXPECT_EQ(wrong_sums<Fault::kNone>(GetParam()), 0);
}

// Of eight rows only the first lies right, and the second has its two chunks exchanged; the others
// are NaNs.
TEST_P(EmulatedProducts, AreWrongWithoutTheSwizzle) {
  EXPECT_GE(wrong_sums<Fault::kPlainLayout>(GetParam()), 64 * 64 - 16 * 16);
}

TEST_P(EmulatedProducts, DoNotReadWhatIsNotShownToThem) {
  EXPECT_THROW(wrong_sums<Fault::kNotShown>(GetParam()), std::logic_error);
  EXPECT_THROW(wrong_sums<Fault::kNoBarrier>(GetParam()), std::logic_error);
}

TEST_P(EmulatedProducts, HaveToBeBegunCommittedAndFinished) {
  EXPECT_THROW(wrong_sums<Fault::kNotBegun>(GetParam()), std::logic_error);
  EXPECT_THROW(wrong_sums<Fault::kNotCommitted>(GetParam()), std::logic_error);
  EXPECT_THROW(wrong_sums<Fault::kNotFinished>(GetParam()), std::logic_error);
}

TEST_P(EmulatedProducts, HaveNoSumsBeforeTheyAreFinished) {
  EXPECT_EQ(wrong_sums<Fault::kReadEarly>(GetParam()), 128);
  EXPECT_EQ(wrong_sums<Fault::kReadNewest>(GetParam()), 128);
}

INSTANTIATE_TEST_SUITE_P(Orders, EmulatedProducts,
                         testing::Values(ThreadOrder::kAscending, ThreadOrder::kDescending,
                                         ThreadOrder::kWarpsAscending,
                                         ThreadOrder::kWarpsDescending));

TEST(EmulatedProductsLate, NoticeThatTheirOperandsAreOverwritten) {
  EXPECT_THROW(wrong_sums<Fault::kOverwritten>(ThreadOrder::kAscending), std::logic_error);
}

}  // namespace
}  // namespace ringmaster::engine::cuda
