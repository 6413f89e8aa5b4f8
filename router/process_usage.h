#pragma once

#include <cstdint>
#include <optional>

namespace ringmaster {

/// What this process takes of the machine, as the kernel counts it. Absent: it did not say.
struct ProcessUsage {
  double cpu_seconds = 0;  ///< User and system, of all threads.
  std::optional<std::uint64_t> resident_bytes;
  std::optional<std::uint64_t> open_descriptors;
  std::optional<std::uint64_t> descriptors_max;  ///< Absent also where there is no limit.
  std::optional<double> start_seconds;           ///< Since 1970.
};

/// Read now, some files of /proc: for a page that is asked for every few seconds.
[[nodiscard]] ProcessUsage process_usage();

}  // namespace ringmaster
