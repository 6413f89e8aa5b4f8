#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "tests/support/grid_emulator.h"

namespace ringmaster::engine::cuda {

/// A device of tests/gpu/kernel_cases.h whose memory is the host's and whose grid is emulated.
class EmulatedDevice {
 public:
  explicit EmulatedDevice(ThreadOrder order = ThreadOrder::kAscending) : grid_(order) {}

  /// The device owns what it returns.
  template <class T>
  T* upload(const std::vector<T>& values) {
    struct alignas(16) Chunk {
      unsigned char bytes[16];
    };
    const std::size_t bytes = values.size() * sizeof(T);
    std::shared_ptr<Chunk[]> memory(new Chunk[bytes / sizeof(Chunk) + 1]);
    auto* at = reinterpret_cast<T*>(memory.get());
    std::copy(values.begin(), values.end(), at);
    memory_.push_back(std::move(memory));
    return at;
  }

  template <class T>
  std::vector<T> download(const T* values, std::size_t count) {
    return {values, values + count};
  }

  template <class Kernel>
  void launch(GridSize grid, std::int32_t shared_bytes, const typename Kernel::Args& args) {
    grid_.launch<Kernel>(grid, shared_bytes, args);
  }

  [[nodiscard]] std::int64_t most_additions() const { return grid_.most_additions(); }

 private:
  GridEmulator grid_;
  std::vector<std::shared_ptr<void>> memory_;
};

}  // namespace ringmaster::engine::cuda
