#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace ringmaster {

/// Where the process stands. Any thread.
struct ServiceState {
  std::atomic<bool> is_draining{false};
  std::atomic<std::size_t> buffered_bytes{0};
  std::atomic<std::uint64_t> next_request{1};
  // Set before the first request.
  std::function<std::size_t()> connection_count;
  std::string version;  ///< Of the program.
};

}  // namespace ringmaster
