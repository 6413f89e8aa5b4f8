#pragma once

#include <algorithm>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <vector>

#include <ucontext.h>

#include "base/check.h"
#include "engine/cuda/kernels/bf16.h"
#include "tests/support/emulated_warpgroup.h"

// Where a fiber, or who runs it, goes on. The library's jumps are told to the address sanitizer as
// if they left frames for good, which takes it two system calls each: it gets the compiler's own.
// What these do, no caller may conclude from their function's code.
#ifdef __SANITIZE_ADDRESS__
#define RINGMASTER_SWITCHES [[gnu::noipa, gnu::no_sanitize("address")]]
#define RINGMASTER_LEAVE(place) __builtin_setjmp(place)
#define RINGMASTER_GO_TO(place) __builtin_longjmp(place, 1)
#else
#define RINGMASTER_SWITCHES
#define RINGMASTER_LEAVE(place) _setjmp(place)
#define RINGMASTER_GO_TO(place) _longjmp(place, 1)
#endif

namespace ringmaster::engine::cuda {

#ifdef __SANITIZE_ADDRESS__
using FiberPlace = void* [5];
#else
using FiberPlace = std::jmp_buf;
#endif

struct GridSize {
  int x = 1;
  int y = 1;
};

/// The order in which the threads of a block run between two barriers. A kernel that lacks a
/// barrier gives different results in different orders. In the first two all warps go from one
/// operation of a warp to the next side by side, and asynchronous copies arrive at the last moment
/// that the kernel's waits allow; in the others each warp goes as far as it can by itself before
/// the next one begins, and copies arrive at once.
enum class ThreadOrder { kAscending, kDescending, kWarpsAscending, kWarpsDescending };

/// Runs kernels of engine/cuda/kernels on the host, thread by thread: each thread is a fiber that
/// runs until it waits for others. What a device would leave to chance is made to go wrong:
/// shared memory begins as NaNs, asynchronous copies arrive when they can do most harm, and it is
/// an error if a barrier or a warp's operation is not reached by every thread, if a copy is never
/// waited for, if a warp loads a matrix that was written since its last barrier, if something is
/// written right behind the shared memory, or if a warpgroup's product reads what was not copied
/// there, shown to products and then followed by a barrier. Fails by throwing std::logic_error; the
/// fibers of that block are then lost. A copy or a load of matrices from or to an address that 16
/// does not divide, or outside the shared memory, ends the program.
class GridEmulator {
 public:
  class Lane;

  explicit GridEmulator(ThreadOrder order = ThreadOrder::kAscending) : order_(order) {}

  template <class Kernel>
  void launch(GridSize grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    begin(grid, Kernel::kThreads, shared_bytes, Pause::kNone,
          [&args](Lane& lane) { Kernel::run(lane, args); });
  }

  /// Of programmatic dependent launch: where a kernel that has begun is left alone. After kAtWait
  /// the launch before may not have ended, after the others it has.
  enum class Pause { kNone, kAtTrigger, kAtWait };

  /// As launch(), but only to where the first block lets the next launch come, or waits for the one
  /// before; to the end if it never does. `kernel` is what each thread runs.
  void begin(GridSize grid, int threads, std::int32_t shared_bytes, Pause pause,
             std::function<void(Lane&)> kernel) {
    grid_ = grid;
    block_ = {0, 0};
    threads_ = threads;
    shared_bytes_ = static_cast<std::size_t>(shared_bytes);
    shared_.resize(shared_bytes_ / sizeof(Chunk) + 2);  // With some that nobody may touch.
    kernel_ = std::move(kernel);
    pause_ = pause;
    lets_next_come_ = false;
    begin_block();
    run_blocks();
  }
  /// The rest of it, after the launch before has ended.
  void finish() {
    pause_ = Pause::kNone;
    for (int i = 0; i < threads_; ++i) {
      Fiber& fiber = *fibers_[static_cast<std::size_t>(i)];
      if (fiber.state == State::kAtLaunch) fiber.state = State::kReady;
    }
    if (!has_ended()) run_blocks();
  }
  [[nodiscard]] bool has_ended() const { return block_.y == grid_.y; }
  /// Whether the kernel has said that the next one may come.
  [[nodiscard]] bool lets_next_come() const { return lets_next_come_; }

  /// Of atomic additions to one address by one block; on a card they wait for each other.
  [[nodiscard]] std::int64_t most_additions() const { return most_additions_; }

 private:
  enum class State { kReady, kAtBarrier, kAtWarp, kAtGroup, kAtLaunch, kDone };
  struct alignas(16) Chunk {
    unsigned char bytes[16];
  };
  struct Copy {
    void* to;  // Null: it has arrived.
    void* at;
    Chunk data;
    int group;
  };
  /// What a whole warp or warpgroup does together: `run` gets the 32 or 128 operands.
  struct WarpOperation {
    void (*run)(void** operands) = nullptr;
    void* operand = nullptr;
  };
  struct Fiber {
    ucontext_t context;  // Only to begin on a stack of its own: switching by it costs system calls.
    FiberPlace resume;
    bool is_begun = false;
    std::unique_ptr<std::byte[]> stack;
    State state = State::kReady;
    WarpOperation operation;
    std::vector<Copy> copies;
    int groups = 0;                // Committed so far.
    std::vector<Chunk*> arrived;   // Copies that are waited for and not yet shown to products.
    bool begins_products = false;  // Since products were last waited for.
  };
  static constexpr std::size_t kStackBytes = 64 << 10;

  void run_blocks() {
    while (!has_ended()) {
      while (run_ready_fibers()) {
        if (is_paused()) return;
        release();
      }
      check_end();
      if (++block_.x == grid_.x) block_ = {0, block_.y + 1};
      if (!has_ended()) begin_block();
    }
  }

  [[nodiscard]] bool is_paused() const {
    return std::any_of(fibers_.begin(), fibers_.begin() + threads_,
                       [](const auto& fiber) { return fiber->state == State::kAtLaunch; });
  }

  void begin_block() {
    std::memset(shared_.data(), 0xff, shared_.size() * sizeof(Chunk));  // NaNs in every type.
    while (fibers_.size() < static_cast<std::size_t>(threads_)) {
      fibers_.push_back(std::make_unique<Fiber>());
      fibers_.back()->stack = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
    }
    for (EmulatedWarpgroup& products : products_) products.clear();
    products_.resize(static_cast<std::size_t>(threads_ / 128));
    additions_.clear();
    shown_ = shared_;
    shown_at_barrier_ = shared_;
    seen_.assign(static_cast<std::size_t>(threads_ / 32), shared_);
    for (int i = 0; i < threads_; ++i) {
      Fiber& fiber = *fibers_[static_cast<std::size_t>(i)];
      fiber.state = State::kReady;
      fiber.copies.clear();
      fiber.groups = 0;
      fiber.arrived.clear();
      fiber.begins_products = false;
    }
  }

  void check_end() const {
    for (int i = 0; i < threads_; ++i) {
      if (!fibers_[static_cast<std::size_t>(i)]->copies.empty()) {
        throw std::logic_error("a copy is not waited for");
      }
    }
    for (const EmulatedWarpgroup& products : products_) {
      if (!products.is_idle()) throw std::logic_error("a product is not waited for");
    }
    const auto* begin = reinterpret_cast<const unsigned char*>(shared_.data());
    const auto* end = begin + shared_.size() * sizeof(Chunk);
    if (std::any_of(begin + shared_bytes_, end, [](unsigned char byte) { return byte != 0xff; })) {
      throw std::logic_error("written behind the shared memory");
    }
  }

  /// All that was written until now is visible to the warp.
  void see(int warp) {
    if (shared_bytes_ > 0) seen_[static_cast<std::size_t>(warp)] = shared_;
  }
  /// Whether 16 bytes of shared memory have changed since.
  [[nodiscard]] bool is_seen(int warp, const void* at) const {
    const auto offset = static_cast<const unsigned char*>(at) -
                        reinterpret_cast<const unsigned char*>(shared_.data());
    const auto& seen = seen_[static_cast<std::size_t>(warp)];
    return std::memcmp(at, reinterpret_cast<const unsigned char*>(seen.data()) + offset,
                       sizeof(Chunk)) == 0;
  }

  /// A bfloat16 that a product reads.
  [[nodiscard]] float read_for_product(std::uint32_t address) const {
    const std::size_t offset = std::size_t{address} - kSharedAddress;
    if (address < kSharedAddress || offset + 2 > shared_bytes_) {
      throw std::logic_error("a product reads outside the shared memory");
    }
    const std::size_t chunk = offset / sizeof(Chunk);
    if (std::memcmp(&shared_[chunk], &shown_at_barrier_[chunk], sizeof(Chunk)) != 0) {
      throw std::logic_error("a product reads what was not shown to it");
    }
    Bf16 value;
    std::memcpy(&value, shared_[chunk].bytes + offset % sizeof(Chunk), sizeof value);
    return to_float(value);
  }

  /// 16 bytes of shared memory that move at once.
  void check_shared(const void* at) const {
    const auto offset =
        reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(shared_.data());
    RINGMASTER_CHECK(offset % sizeof(Chunk) == 0 && offset + sizeof(Chunk) <= shared_bytes_);
  }

  /// Runs a fiber until it waits. A fiber lives through many blocks.
  RINGMASTER_SWITCHES void resume(Fiber& fiber, int index) {
    running_ = &fiber;
    if (RINGMASTER_LEAVE(main_) != 0) return;
    if (fiber.is_begun) RINGMASTER_GO_TO(fiber.resume);
    fiber.is_begun = true;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = kStackBytes;
    fiber.context.uc_link = nullptr;
    const auto self = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&fiber.context, reinterpret_cast<void (*)()>(&GridEmulator::enter), 3,
                static_cast<unsigned>(self), static_cast<unsigned>(self >> 32U), index);
    setcontext(&fiber.context);
  }

  static void enter(unsigned low, unsigned high, int index);

  [[nodiscard]] bool is_by_warp() const {
    return order_ == ThreadOrder::kWarpsAscending || order_ == ThreadOrder::kWarpsDescending;
  }

  /// False when every thread is done.
  bool run_ready_fibers() {
    const int together = is_by_warp() ? 32 : threads_;
    const int groups = threads_ / together;
    bool is_live = false;
    for (int i = 0; i < groups; ++i) {
      const int group = order_ == ThreadOrder::kWarpsDescending ? groups - 1 - i : i;
      bool is_group_live = false;
      do {
        is_group_live = run_ready_fibers(group * together, together);
      } while (is_by_warp() && release_together(group, 32));
      is_live = is_live || is_group_live;
    }
    return is_live;
  }

  /// Of `count` threads from `first` on; false if all of them are done.
  bool run_ready_fibers(int first, int count) {
    const bool descends =
        order_ == ThreadOrder::kDescending || order_ == ThreadOrder::kWarpsDescending;
    bool is_live = false;
    for (int i = 0; i < count; ++i) {
      const int index = first + (descends ? count - 1 - i : i);
      Fiber& fiber = *fibers_[static_cast<std::size_t>(index)];
      if (fiber.state == State::kReady) resume(fiber, index);
      is_live = is_live || fiber.state != State::kDone;
    }
    return is_live;
  }

  /// Lets go on those whose partners have all arrived.
  void release() {
    bool is_progress = false;
    for (int warp = 0; warp * 32 < threads_; ++warp) is_progress |= release_together(warp, 32);
    is_progress |= release_groups();
    const bool at_barrier = std::all_of(fibers_.begin(), fibers_.begin() + threads_,
                                        [](auto& f) { return f->state == State::kAtBarrier; });
    if (at_barrier) {
      for (int warp = 0; warp * 32 < threads_; ++warp) see(warp);
      shown_at_barrier_ = shown_;
      for (int i = 0; i < threads_; ++i)
        fibers_[static_cast<std::size_t>(i)]->state = State::kReady;
    } else if (!is_progress) {
      throw std::logic_error("threads wait for others that never come");
    }
  }

  /// Where each warp goes as far as it can, so does each group: only one goes on.
  bool release_groups() {
    const int groups = threads_ / 128;
    bool is_progress = false;
    for (int i = 0; i < groups && !(is_by_warp() && is_progress); ++i) {
      const bool descends = order_ == ThreadOrder::kWarpsDescending;
      is_progress |= release_together(descends ? groups - 1 - i : i, 128);
    }
    return is_progress;
  }

  /// A warp or warpgroup of `count` threads, if all of them have arrived.
  bool release_together(int index, int count) {
    const State state = count == 32 ? State::kAtWarp : State::kAtGroup;
    void* operands[128];
    for (int i = 0; i < count; ++i) {
      Fiber& fiber = *fibers_[static_cast<std::size_t>(index * count + i)];
      if (fiber.state != state) return false;
      operands[i] = fiber.operation.operand;
    }
    const auto run = fibers_[static_cast<std::size_t>(index * count)]->operation.run;
    for (int i = 0; i < count; ++i) {
      Fiber& fiber = *fibers_[static_cast<std::size_t>(index * count + i)];
      if (fiber.operation.run != run) throw std::logic_error("lanes of a warp do different things");
      fiber.state = State::kReady;
    }
    run(operands);
    return true;
  }

  RINGMASTER_SWITCHES void pause(State state) {
    running_->state = state;
    if (RINGMASTER_LEAVE(running_->resume) == 0) RINGMASTER_GO_TO(main_);
  }

  /// Of the first byte: like a card's, no multiple of what a kernel may need.
  static constexpr std::uint32_t kSharedAddress = 0x410;

  ThreadOrder order_;
  GridSize grid_;
  GridSize block_;
  int threads_ = 0;
  std::size_t shared_bytes_ = 0;
  std::function<void(Lane&)> kernel_;
  Pause pause_ = Pause::kNone;
  bool lets_next_come_ = false;
  std::vector<Chunk> shared_;
  std::vector<std::vector<Chunk>> seen_;  // By warp: shared memory at its last barrier.
  std::vector<Chunk> shown_;              // What products may read after the next barrier,
  std::vector<Chunk> shown_at_barrier_;   // and what they may since the last one.
  std::vector<EmulatedWarpgroup> products_;
  std::map<const std::uint64_t*, std::int64_t> additions_;  // Of this block.
  std::int64_t most_additions_ = 0;                         // Of any.
  std::vector<std::unique_ptr<Fiber>> fibers_;
  Fiber* running_ = nullptr;
  FiberPlace main_;
};

/// What a kernel sees of the device; the device's own is engine/cuda/module/gpu_lane.cuh.
class GridEmulator::Lane {
 public:
  Lane(GridEmulator& grid, Fiber& fiber, int thread)
      : grid_(grid), fiber_(fiber), thread_(thread) {}

  [[nodiscard]] int thread() const { return thread_; }
  [[nodiscard]] int threads() const { return grid_.threads_; }
  [[nodiscard]] int block_x() const { return grid_.block_.x; }
  [[nodiscard]] int block_y() const { return grid_.block_.y; }
  [[nodiscard]] int grid_x() const { return grid_.grid_.x; }
  [[nodiscard]] void* shared() { return grid_.shared_.data(); }

  void sync() { grid_.pause(State::kAtBarrier); }
  void sync_warp() {
    WarpBarrier operand{&grid_, thread_ / 32};
    together(&WarpBarrier::run, operand);
  }

  template <class T>
  T shuffle_xor(T value, int mask) {
    return shuffle(value, thread_ % 32 ^ mask);
  }
  template <class T>
  T shuffle(T value, int from) {
    Shuffle<T> operand{value, from, {}};
    together(&Shuffle<T>::run, operand);
    return operand.result;
  }

  void atomic_add(std::uint64_t* to, std::uint64_t value) {
    *to += value;
    grid_.most_additions_ = std::max(grid_.most_additions_, ++grid_.additions_[to]);
  }

  /// Programmatic dependent launch: nothing of the launch before may be read ahead of the wait.
  void let_next_launch_come() {
    grid_.lets_next_come_ = true;
    if (grid_.pause_ == Pause::kAtTrigger) grid_.pause(State::kAtLaunch);
  }
  void wait_for_launch_before() {
    if (grid_.pause_ == Pause::kAtWait) grid_.pause(State::kAtLaunch);
  }

  [[nodiscard]] static int fresh(int value) { return value; }

  /// As an ordinary load.
  [[nodiscard]] Words4 load_once(const void* from) const {
    RINGMASTER_CHECK(reinterpret_cast<std::uintptr_t>(from) % 16 == 0);
    Words4 words;
    std::memcpy(&words, from, sizeof words);
    return words;
  }

  void copy_async(void* to, const void* from, bool is_valid) {
    Copy copy{.to = to, .at = to, .data = {}, .group = fiber_.groups};
    RINGMASTER_CHECK(reinterpret_cast<std::uintptr_t>(from) % 16 == 0);
    grid_.check_shared(to);
    if (is_valid) std::memcpy(&copy.data, from, sizeof copy.data);
    if (grid_.is_by_warp()) {
      std::memcpy(to, &copy.data, sizeof copy.data);
      copy.to = nullptr;
    }
    fiber_.copies.push_back(copy);
  }
  void commit_copies() { ++fiber_.groups; }
  template <int kPending>
  void wait_copies() {
    std::erase_if(fiber_.copies, [this](const Copy& copy) {
      if (copy.group >= fiber_.groups - kPending) return false;
      if (copy.to != nullptr) std::memcpy(copy.to, &copy.data, sizeof copy.data);
      fiber_.arrived.push_back(static_cast<Chunk*>(copy.at));
      return true;
    });
  }

  void load_matrix(std::uint32_t (&to)[4], const void* row) { load(to, row, false); }
  void load_matrix_transposed(std::uint32_t (&to)[4], const void* row) { load(to, row, true); }

  /// sums += a * b, as mma.m16n8k16 with bfloat16 operands.
  void multiply_add(float (&sums)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
                    std::uint32_t b1) {
    Multiply operand{sums, a, {b0, b1}};
    together(&Multiply::run, operand);
  }

  /// Of shared memory, as descriptors of matrices say it.
  [[nodiscard]] std::uint32_t shared_address(const void* at) const {
    return kSharedAddress +
           static_cast<std::uint32_t>(static_cast<const unsigned char*>(at) -
                                      reinterpret_cast<const unsigned char*>(grid_.shared_.data()));
  }

  /// What this thread has copied to shared memory and waited for may, after the next barrier, be
  /// read by products. (What it stored there by itself never may: no kernel does that.)
  void show_to_products() {
    for (const Chunk* chunk : fiber_.arrived) {
      grid_.shown_[static_cast<std::size_t>(chunk - grid_.shared_.data())] = *chunk;
    }
    fiber_.arrived.clear();
  }

  /// A warpgroup's products, see EmulatedWarpgroup. Between begin_products and finish_products
  /// registers that they use may be neither read nor written; those written ahead are named.
  template <class... Registers>
  void begin_products(Registers&... /*written*/) {
    fiber_.begins_products = true;
  }
  void multiply_matrices(float (&sums)[8][4], std::uint64_t a, std::uint64_t b, bool adds) {
    GroupMultiply operand{&grid_, &fiber_, thread_ / 128, 8, &sums[0][0], nullptr, a, b, adds};
    group_together(&GroupMultiply::run, operand);
  }
  template <int kTiles>
  void add_weighted_rows(float (&sums)[kTiles][4], const std::uint32_t (&a)[4], std::uint64_t b) {
    GroupMultiply operand{&grid_, &fiber_, thread_ / 128, kTiles, &sums[0][0], a, 0, b, true};
    group_together(&GroupMultiply::run, operand);
  }
  void commit_products() {
    GroupEvent operand{&grid_, thread_ / 128};
    group_together(&GroupEvent::commit, operand);
  }
  /// All but the newest kPending commits.
  template <int kPending, int kTiles>
  void finish_products(float (&)[kTiles][4]) {
    GroupEvent operand{&grid_, thread_ / 128, kPending};
    group_together(&GroupEvent::finish, operand);
    fiber_.begins_products = false;
  }

 private:
  template <class T>
  struct Shuffle {
    T value;
    int from;
    T result;
    static void run(void** operands) {
      for (int i = 0; i < 32; ++i) {
        auto& own = *static_cast<Shuffle*>(operands[i]);
        own.result = static_cast<Shuffle*>(operands[own.from])->value;
      }
    }
  };

  struct WarpBarrier {
    GridEmulator* grid;
    int warp;
    static void run(void** operands) {
      const auto& any = *static_cast<WarpBarrier*>(operands[0]);
      any.grid->see(any.warp);
    }
  };

  static float half_of(std::uint32_t pair, int index) {
    return to_float(Bf16{static_cast<std::uint16_t>(pair >> (index * 16))});
  }

  struct Matrices {
    std::uint32_t* to;
    const void* row;
    bool is_transposed;
    GridEmulator* grid;
    int warp;
    /// Lane i names row i % 8 of matrix i / 8; each lane gets a pair of each matrix.
    static void run(void** operands) {
      std::uint16_t elements[4][8][8];
      for (int i = 0; i < 32; ++i) {
        const auto& own = *static_cast<Matrices*>(operands[i]);
        if (!own.grid->is_seen(own.warp, own.row)) {
          throw std::logic_error("a matrix is loaded without a barrier after it was written");
        }
        std::memcpy(elements[i / 8][i % 8], own.row, 16);
      }
      for (int i = 0; i < 32; ++i) {
        const auto& own = *static_cast<Matrices*>(operands[i]);
        for (int m = 0; m < 4; ++m) {
          const int outer = i / 4;
          const int inner = i % 4 * 2;
          const std::uint32_t low =
              own.is_transposed ? elements[m][inner][outer] : elements[m][outer][inner];
          const std::uint32_t high =
              own.is_transposed ? elements[m][inner + 1][outer] : elements[m][outer][inner + 1];
          own.to[m] = low | high << 16U;
        }
      }
    }
  };

  struct Multiply {
    float* sums;
    const std::uint32_t* a;
    std::uint32_t b[2];
    /// Fragments as in the PTX ISA: with g = lane / 4 and t = lane % 4, a0..a3 hold rows g, g + 8,
    /// g, g + 8 and columns 2 t, 2 t, 2 t + 8, 2 t + 8 (and the next); b0, b1 rows 2 t, 2 t + 8
    /// (and the next) of column g; the sums rows g, g, g + 8, g + 8 and columns 2 t, 2 t + 1.
    static void run(void** operands) {
      float a[16][16];
      float b[16][8];
      for (int i = 0; i < 32; ++i) {
        const auto& own = *static_cast<Multiply*>(operands[i]);
        const int g = i / 4;
        const int t = i % 4;
        for (int k = 0; k < 2; ++k) {
          for (int r = 0; r < 4; ++r)
            a[g + r % 2 * 8][2 * t + r / 2 * 8 + k] = half_of(own.a[r], k);
          for (int r = 0; r < 2; ++r) b[2 * t + r * 8 + k][g] = half_of(own.b[r], k);
        }
      }
      for (int i = 0; i < 32; ++i) {
        const auto& own = *static_cast<Multiply*>(operands[i]);
        for (int c = 0; c < 4; ++c) {
          const int row = i / 4 + c / 2 * 8;
          const int column = i % 4 * 2 + c % 2;
          for (int k = 0; k < 16; ++k) own.sums[c] += a[row][k] * b[k][column];
        }
      }
    }
  };

  struct GroupMultiply {
    GridEmulator* grid;
    const Fiber* fiber;
    int group;
    int tiles;
    float* sums;
    const std::uint32_t* a;
    std::uint64_t a_matrix;
    std::uint64_t b_matrix;
    bool adds;
    static void run(void** operands) {
      const auto& first = *static_cast<GroupMultiply*>(operands[0]);
      EmulatedWarpgroup::Product product{.tiles = first.tiles,
                                         .a_matrix = first.a_matrix,
                                         .b_matrix = first.b_matrix,
                                         .adds = first.adds};
      for (int i = 0; i < 128; ++i) {
        const auto& own = *static_cast<GroupMultiply*>(operands[i]);
        if (!own.fiber->begins_products) throw std::logic_error("products are not begun");
        if (own.a_matrix != first.a_matrix || own.b_matrix != first.b_matrix ||
            own.adds != first.adds || own.tiles != first.tiles) {
          throw std::logic_error("threads of a warpgroup multiply different things");
        }
        product.sums[i] = own.sums;
        product.a[i] = own.a;
      }
      GridEmulator& grid = *first.grid;
      grid.products_[static_cast<std::size_t>(first.group)].add(product, grid.is_by_warp(),
                                                                reader(grid));
    }
  };

  struct GroupEvent {
    GridEmulator* grid;
    int group;
    int pending = 0;
    static EmulatedWarpgroup& products(void** operands) {
      const auto& any = *static_cast<GroupEvent*>(operands[0]);
      return any.grid->products_[static_cast<std::size_t>(any.group)];
    }
    static void commit(void** operands) { products(operands).commit(); }
    static void finish(void** operands) {
      const auto& any = *static_cast<GroupEvent*>(operands[0]);
      products(operands).finish(any.pending, reader(*any.grid));
    }
  };

  static EmulatedWarpgroup::Read reader(const GridEmulator& grid) {
    return [&grid](std::uint32_t address) { return grid.read_for_product(address); };
  }

  template <class Operand>
  void group_together(void (*run)(void**), Operand& operand) {
    fiber_.operation = {run, &operand};
    grid_.pause(State::kAtGroup);
  }

  template <class Operand>
  void together(void (*run)(void**), Operand& operand) {
    fiber_.operation = {run, &operand};
    grid_.pause(State::kAtWarp);
  }

  void load(std::uint32_t (&to)[4], const void* row, bool is_transposed) {
    grid_.check_shared(row);
    Matrices operand{to, row, is_transposed, &grid_, thread_ / 32};
    together(&Matrices::run, operand);
  }

  GridEmulator& grid_;
  Fiber& fiber_;
  int thread_;
};

inline void GridEmulator::enter(unsigned low, unsigned high, int index) {
  auto* grid = reinterpret_cast<GridEmulator*>(std::uintptr_t{low} | std::uintptr_t{high} << 32U);
  Fiber& fiber = *grid->fibers_[static_cast<std::size_t>(index)];
  for (;;) {
    Lane lane(*grid, fiber, index);
    grid->kernel_(lane);
    grid->pause(State::kDone);
  }
}

}  // namespace ringmaster::engine::cuda
