#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>

namespace ringmaster {

/// Where the process stands. Any thread.
struct ServiceState {
  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> buffered_bytes{0};
  std::atomic<std::uint64_t> next_request{1};
  std::function<std::size_t()> connection_count;  ///< Set before the first request.
};

}  // namespace ringmaster
