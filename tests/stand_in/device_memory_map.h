#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

namespace ringmaster::stand_in {

/// What was allocated where: on GPUs, and pinned on the host. A GPU's memory lies in one range of
/// addresses that can be touched only while the GPU computes, so that a host that reads or writes
/// it ends there.
class DeviceMemoryMap {
 public:
  static DeviceMemoryMap& the();

  struct Allocation {
    std::size_t bytes = 0;
    int gpu = -1;  // -1: pinned.
  };

  /// Null if it does not fit; otherwise NaNs, aligned to 256.
  void* take(int gpu, std::size_t bytes);
  void* take_pinned(std::size_t bytes);
  /// False if there is none that begins there.
  bool free(void* at, bool is_pinned);

  /// The allocation in which [at, at + bytes) lies whole; null: none.
  [[nodiscard]] const Allocation* find(const void* at, std::size_t bytes) const;
  /// As find(), of this GPU; ends the program otherwise.
  void expect_on(int gpu, const void* at, std::size_t bytes, const char* what) const;
  [[nodiscard]] bool is_pinned(const void* at, std::size_t bytes) const;

  /// Lets a GPU touch its memory; calls nest. At the last leave() what was written behind an
  /// allocation ends the program.
  void enter(int gpu);
  void leave(int gpu);

 private:
  static constexpr std::size_t kRangeBytes = std::size_t{256} << 30U;
  static constexpr std::size_t kGuardBytes = 256;

  struct Range {
    unsigned char* begin = nullptr;
    std::size_t used = 0;  // From the beginning; never given back while anything is alive.
    std::int64_t alive = 0;
    int depth = 0;
    std::size_t open = 0;  // So many bytes can be touched now.
  };
  Range& range_of(int gpu);
  static void open(Range& range);
  static void close(Range& range);
  void check_guards(int gpu) const;

  std::vector<Range> ranges_;  // By GPU.
  std::map<const unsigned char*, Allocation> allocations_;
};

/// While one is alive, a GPU touches its memory, and no other's.
class Computing {
 public:
  explicit Computing(int gpu) : gpu_(gpu) { DeviceMemoryMap::the().enter(gpu_); }
  ~Computing() { DeviceMemoryMap::the().leave(gpu_); }
  Computing(const Computing&) = delete;
  Computing& operator=(const Computing&) = delete;

 private:
  int gpu_;
};

}  // namespace ringmaster::stand_in
