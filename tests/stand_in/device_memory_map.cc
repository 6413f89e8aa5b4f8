#include "tests/stand_in/device_memory_map.h"

#include <algorithm>
#include <cstring>
#include <sys/mman.h>

#include "tests/stand_in/machine.h"

namespace ringmaster::stand_in {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kPageBytes = 4096;
/// As drivers give it: a small piece costs more than its size, a large one whole pages of the GPU.
constexpr std::size_t kLargeBytes = std::size_t{1} << 20U;
constexpr std::size_t kLargePageBytes = std::size_t{2} << 20U;
constexpr std::size_t kSmallPageBytes = 512;

std::size_t round_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

std::int64_t cost(std::size_t bytes) {
  return static_cast<std::int64_t>(
      round_up(bytes, bytes >= kLargeBytes ? kLargePageBytes : kSmallPageBytes));
}

/// With a page behind it that nobody may touch.
std::size_t pinned_range(std::size_t bytes) {
  return round_up(bytes, kPageBytes) + kPageBytes;
}

void protect(unsigned char* begin, std::size_t bytes, int how) {
  if (bytes == 0) return;
  if (::mprotect(begin, round_up(bytes, kPageBytes), how) != 0) {
    misuse("protection of a GPU's memory");
  }
}

}  // namespace

DeviceMemoryMap& DeviceMemoryMap::the() {
  static DeviceMemoryMap map;
  return map;
}

DeviceMemoryMap::Range& DeviceMemoryMap::range_of(int gpu) {
  const auto index = static_cast<std::size_t>(gpu);
  if (ranges_.size() <= index) ranges_.resize(index + 1);
  Range& range = ranges_[index];
  if (range.begin == nullptr) {
    void* at =
        ::mmap(nullptr, kRangeBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) misuse("no addresses for a GPU's memory");
    range.begin = static_cast<unsigned char*>(at);
    ::madvise(at, kRangeBytes, MADV_HUGEPAGE);  // Opened and closed all the time.
  }
  return range;
}

void* DeviceMemoryMap::take(int gpu, std::size_t bytes) {
  Machine& machine = Machine::the();
  Gpu& owner = machine.gpu(gpu);
  Range& range = range_of(gpu);
  const std::size_t needed = round_up(bytes, kAlignment) + kGuardBytes;
  if (owner.taken_bytes + cost(bytes) > owner.memory_bytes || range.used + needed > kRangeBytes) {
    return nullptr;
  }
  unsigned char* at = range.begin + range.used;
  range.used += needed;
  ++range.alive;
  owner.taken_bytes += cost(bytes);
  allocations_[at] = {.bytes = bytes, .gpu = gpu};
  ++machine.takes;
  ++machine.alive["memory"];
  if (!machine.computes) return at;
  const Computing computing(gpu);
  std::memset(at, 0xff, needed);  // NaNs in every type, and the guard behind.
  return at;
}

void* DeviceMemoryMap::take_pinned(std::size_t bytes) {
  void* at = ::mmap(nullptr, pinned_range(bytes), PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return nullptr;
  auto* begin = static_cast<unsigned char*>(at);
  protect(begin + pinned_range(bytes) - kPageBytes, kPageBytes, PROT_NONE);
  if (Machine::the().computes) std::memset(at, 0xff, bytes);
  allocations_[begin] = {.bytes = bytes};
  ++Machine::the().takes;
  ++Machine::the().alive["pinned memory"];
  return at;
}

bool DeviceMemoryMap::free(void* at, bool is_pinned) {
  const auto found = allocations_.find(static_cast<const unsigned char*>(at));
  if (found == allocations_.end() || (found->second.gpu < 0) != is_pinned) return false;
  const Allocation allocation = found->second;
  allocations_.erase(found);
  Machine& machine = Machine::the();
  --machine.alive[is_pinned ? "pinned memory" : "memory"];
  if (is_pinned) {
    ::munmap(at, pinned_range(allocation.bytes));
    return true;
  }
  machine.gpu(allocation.gpu).taken_bytes -= cost(allocation.bytes);
  Range& range = range_of(allocation.gpu);
  if (--range.alive == 0) {
    ::madvise(range.begin, round_up(range.used, kPageBytes), MADV_DONTNEED);
    range.used = 0;
  }
  return true;
}

const DeviceMemoryMap::Allocation* DeviceMemoryMap::find(const void* at, std::size_t bytes) const {
  const auto* begin = static_cast<const unsigned char*>(at);
  auto after = allocations_.upper_bound(begin);
  if (after == allocations_.begin()) return nullptr;
  const auto& [start, allocation] = *--after;
  return begin + bytes <= start + allocation.bytes ? &allocation : nullptr;
}

void DeviceMemoryMap::expect_on(int gpu, const void* at, std::size_t bytes,
                                const char* what) const {
  const Allocation* allocation = find(at, bytes);
  if (allocation == nullptr) {
    misuse(std::string(what) + ": " + std::to_string(bytes) + " bytes lie in no allocation");
  }
  if (allocation->gpu >= 0 && allocation->gpu != gpu) {
    misuse(std::string(what) + ": memory of GPU " + std::to_string(allocation->gpu) + " on GPU " +
           std::to_string(gpu));
  }
}

bool DeviceMemoryMap::is_pinned(const void* at, std::size_t bytes) const {
  const Allocation* allocation = find(at, bytes);
  return allocation != nullptr && allocation->gpu < 0;
}

void DeviceMemoryMap::enter(int gpu) {
  Range& range = range_of(gpu);
  ++range.depth;
  open(range);  // Also what was taken since an outer one.
}

void DeviceMemoryMap::leave(int gpu) {
  Range& range = range_of(gpu);
  if (--range.depth > 0) return;
  check_guards(gpu);
  close(range);
}

void DeviceMemoryMap::open(Range& range) {
  if (range.open == range.used) return;
  range.open = range.used;
  protect(range.begin, range.used, PROT_READ | PROT_WRITE);
}

void DeviceMemoryMap::close(Range& range) {
  if (!Machine::the().computes) return;  // Nothing to see, and a call of the system each time.
  range.open = 0;
  protect(range.begin, range.used, PROT_NONE);
}

void DeviceMemoryMap::check_guards(int gpu) const {
  if (!Machine::the().computes) return;
  for (const auto& [begin, allocation] : allocations_) {
    if (allocation.gpu != gpu) continue;
    const unsigned char* guard = begin + allocation.bytes;
    const unsigned char* end = begin + round_up(allocation.bytes, kAlignment) + kGuardBytes;
    if (std::any_of(guard, end, [](unsigned char byte) { return byte != 0xff; })) {
      misuse("written behind an allocation of " + std::to_string(allocation.bytes) + " bytes");
    }
  }
}

}  // namespace ringmaster::stand_in
