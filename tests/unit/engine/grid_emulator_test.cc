#include "tests/support/grid_emulator.h"

#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

// What the emulator must notice, for its silence elsewhere to mean something.

namespace ringmaster::engine::cuda {
namespace {

/// Each thread reads its right neighbour's number.
template <bool kHasBarrier>
struct Neighbour {
  struct Args {
    float* out;
  };
  static constexpr int kThreads = 64;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    auto* numbers = static_cast<float*>(lane.shared());
    numbers[lane.thread()] = static_cast<float>(lane.thread());
    if (kHasBarrier) lane.sync();
    args.out[lane.thread()] = numbers[(lane.thread() + 1) % kThreads];
  }
};

template <class Kernel>
std::vector<float> run(ThreadOrder order) {
  std::vector<float> out(Kernel::kThreads);
  GridEmulator(order).launch<Kernel>({1, 1}, Kernel::kThreads * 4, {.out = out.data()});
  return out;
}

TEST(GridEmulator, ShowsNaNsWhereABarrierIsMissing) {
  EXPECT_TRUE(std::isnan(run<Neighbour<false>>(ThreadOrder::kAscending)[5]));
  EXPECT_EQ(run<Neighbour<false>>(ThreadOrder::kDescending)[5], 6.0F);  // By chance, right.
  EXPECT_EQ(run<Neighbour<true>>(ThreadOrder::kAscending)[5], 6.0F);
  EXPECT_EQ(run<Neighbour<true>>(ThreadOrder::kDescending)[63], 0.0F);
}

/// The second warp reads what the first one overwrites after some operations of its own.
template <bool kHasBarrier>
struct Overwritten {
  struct Args {
    float* out;
  };
  static constexpr int kThreads = 64;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    auto* numbers = static_cast<float*>(lane.shared());
    numbers[lane.thread()] = static_cast<float>(lane.thread());
    lane.sync();
    if (lane.thread() >= 32) args.out[lane.thread()] = numbers[lane.thread() - 32];
    if (kHasBarrier) lane.sync();
    float sum = 100.0F;
    for (int i = 0; i < 3; ++i) sum += lane.shuffle_xor(sum, 1);
    if (lane.thread() < 32) numbers[lane.thread()] = sum;
  }
};

TEST(GridEmulator, ShowsWhatAWarpFarAheadOverwrites) {
  for (const auto order : {ThreadOrder::kAscending, ThreadOrder::kDescending}) {
    EXPECT_EQ(run<Overwritten<false>>(order)[40], 8.0F);  // Side by side it goes well.
  }
  EXPECT_EQ(run<Overwritten<false>>(ThreadOrder::kWarpsAscending)[40], 800.0F);
  EXPECT_EQ(run<Overwritten<true>>(ThreadOrder::kWarpsAscending)[40], 8.0F);
  EXPECT_EQ(run<Overwritten<true>>(ThreadOrder::kWarpsDescending)[40], 8.0F);
}

/// Writes 1, 2 and 3 on the way through what programmatic dependent launch has.
struct Overlapped {
  struct Args {
    float* out;
  };
  static constexpr int kThreads = 64;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    args.out[lane.thread()] = 1.0F;
    lane.let_next_launch_come();
    args.out[lane.thread()] = 2.0F;
    lane.wait_for_launch_before();
    args.out[lane.thread()] = 3.0F;
  }
};

TEST(GridEmulator, LeavesAKernelWhereItLetsTheNextOneComeOrWaits) {
  using Pause = GridEmulator::Pause;
  for (const auto& [pause, left] :
       {std::pair{Pause::kAtTrigger, 1.0F}, {Pause::kAtWait, 2.0F}, {Pause::kNone, 3.0F}}) {
    std::vector<float> out(Overlapped::kThreads);
    GridEmulator grid;
    grid.begin({1, 1}, Overlapped::kThreads, 0, pause,
               [&](GridEmulator::Lane& lane) { Overlapped::run(lane, {.out = out.data()}); });
    EXPECT_EQ(out, std::vector<float>(64, left));
    EXPECT_TRUE(grid.lets_next_come());
    EXPECT_EQ(grid.has_ended(), pause == Pause::kNone);
    grid.finish();
    EXPECT_TRUE(grid.has_ended());
    EXPECT_EQ(out, std::vector<float>(64, 3.0F));
  }
}

/// Copies 16 bytes and waits for all but kPending groups.
template <int kPending, bool kWaitsAtTheEnd = true>
struct Copy {
  struct Args {
    const float* from;
    float* out;
  };
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    auto* to = static_cast<float*>(lane.shared()) + 4 * lane.thread();
    lane.copy_async(to, args.from, true);
    lane.commit_copies();
    lane.template wait_copies<kPending>();
    args.out[lane.thread()] = to[0];
    if (kWaitsAtTheEnd) lane.template wait_copies<0>();
  }
};

TEST(GridEmulator, DeliversCopiesNoSoonerThanTheyAreWaitedFor) {
  alignas(16) const float from[4] = {7.0F, 0.0F, 0.0F, 0.0F};
  std::vector<float> out(32);
  GridEmulator grid;
  grid.launch<Copy<1>>({1, 1}, 512, {.from = from, .out = out.data()});
  EXPECT_TRUE(std::isnan(out[3]));
  grid.launch<Copy<0>>({1, 1}, 512, {.from = from, .out = out.data()});
  EXPECT_EQ(out[3], 7.0F);
}

TEST(GridEmulator, DeliversCopiesAtOnceWhereWarpsRunAhead) {
  alignas(16) const float from[4] = {7.0F, 0.0F, 0.0F, 0.0F};
  std::vector<float> out(32);
  GridEmulator(ThreadOrder::kWarpsAscending)
      .launch<Copy<1>>({1, 1}, 512, {.from = from, .out = out.data()});
  EXPECT_EQ(out[3], 7.0F);
}

TEST(GridEmulator, RefusesAKernelThatEndsBeforeItsCopies) {
  alignas(16) const float from[4] = {};
  std::vector<float> out(32);
  EXPECT_THROW((GridEmulator().launch<Copy<1, false>>({1, 1}, 512, {from, out.data()})),
               std::logic_error);
}

TEST(GridEmulatorDeathTest, EndsAtACopyToOutsideTheSharedMemory) {
  alignas(16) const float from[4] = {};
  std::vector<float> out(32);
  EXPECT_DEATH(GridEmulator().launch<Copy<0>>({1, 1}, 511, {from, out.data()}), "shared_bytes_");
}

/// Writes one number more than there is shared memory for.
struct OneTooMany {
  struct Args {};
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& /*args*/) {
    static_cast<float*>(lane.shared())[lane.thread()] = 1.0F;
  }
};

TEST(GridEmulator, RefusesAKernelThatWritesBehindItsSharedMemory) {
  EXPECT_NO_THROW(GridEmulator().launch<OneTooMany>({1, 1}, 32 * 4, {}));
  EXPECT_THROW(GridEmulator().launch<OneTooMany>({1, 1}, 31 * 4, {}), std::logic_error);
}

/// Loads matrices that the warp itself has written.
template <bool kHasBarrier>
struct OwnMatrix {
  struct Args {
    float* out;
  };
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    auto* numbers = static_cast<std::uint32_t*>(lane.shared());
    for (int i = 0; i < 4; ++i) numbers[4 * lane.thread() + i] = 7;
    if (kHasBarrier) lane.sync_warp();
    std::uint32_t to[4];
    lane.load_matrix(to, numbers + 4 * lane.thread());
    args.out[lane.thread()] = static_cast<float>(to[3]);
  }
};

TEST(GridEmulator, RefusesToLoadAMatrixWithoutABarrierAfterItWasWritten) {
  std::vector<float> out(32);
  EXPECT_NO_THROW(GridEmulator().launch<OwnMatrix<true>>({1, 1}, 512, {out.data()}));
  EXPECT_EQ(out[31], 7.0F);
  EXPECT_THROW(GridEmulator().launch<OwnMatrix<false>>({1, 1}, 512, {out.data()}),
               std::logic_error);
}

/// Half of the threads go to a barrier, the others end.
struct HalfBarrier {
  struct Args {};
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& /*args*/) {
    if (lane.thread() < 16) lane.sync();
  }
};

/// Half of a warp shuffles, the others wait at a barrier.
struct HalfShuffle {
  struct Args {};
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& /*args*/) {
    if (lane.thread() < 16) {
      static_cast<void>(lane.shuffle_xor(1.0F, 1));
    } else {
      lane.sync();
    }
  }
};

TEST(GridEmulator, RefusesABarrierThatNotEveryThreadReaches) {
  EXPECT_THROW(GridEmulator().launch<HalfBarrier>({1, 1}, 0, {}), std::logic_error);
  EXPECT_THROW(GridEmulator().launch<HalfShuffle>({1, 1}, 0, {}), std::logic_error);
}

/// One tile: out (16 x 8) = a (16 x 16) * b (16 x 8), row and column numbers as operands.
struct OneTile {
  struct Args {
    float* out;
  };
  static constexpr int kThreads = 32;
  template <class Lane>
  static void run(Lane& lane, const Args& args) {
    const int g = lane.thread() / 4;
    const int t = lane.thread() % 4;
    // a[r][k] = r + (k == 3), b[k][c] = k == c.
    const auto a = [](int r, int k) { return static_cast<float>(r + (k == 3 ? 1 : 0)); };
    const auto b = [](int k, int c) { return k == c ? 1.0F : 0.0F; };
    const std::uint32_t fragment[4] = {
        packed(a(g, 2 * t), a(g, 2 * t + 1)), packed(a(g + 8, 2 * t), a(g + 8, 2 * t + 1)),
        packed(a(g, 2 * t + 8), a(g, 2 * t + 9)), packed(a(g + 8, 2 * t + 8), a(g + 8, 2 * t + 9))};
    float sums[4] = {};
    lane.multiply_add(sums, fragment, packed(b(2 * t, g), b(2 * t + 1, g)),
                      packed(b(2 * t + 8, g), b(2 * t + 9, g)));
    for (int i = 0; i < 4; ++i) args.out[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
  }
};

TEST(GridEmulator, MultipliesATileInTheDocumentedLayout) {
  std::vector<float> out(128);
  GridEmulator().launch<OneTile>({1, 1}, 0, {.out = out.data()});
  for (int r = 0; r < 16; ++r) {
    for (int c = 0; c < 8; ++c) {
      EXPECT_EQ(out[static_cast<std::size_t>(r * 8 + c)], static_cast<float>(r + (c == 3 ? 1 : 0)));
    }
  }
}

}  // namespace
}  // namespace ringmaster::engine::cuda
