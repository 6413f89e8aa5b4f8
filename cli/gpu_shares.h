#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace ringmaster {

/// Which GPUs the engines of one machine get. Those that are visible are taken in groups of as many
/// as an engine wants, and engines are dealt out to the groups in turn: where there are enough each
/// has its own, else those of a group share its memory.
class GpuShares {
 public:
  /// Groups begin at the GPU `first`. Requires: engines >= 1, gpus >= 1. There is always one group,
  /// even if not all of it is visible: an engine says so by itself.
  GpuShares(std::size_t engines, std::int32_t gpus, std::int32_t first, std::int32_t visible);

  /// As the driver counts them, in a row.
  [[nodiscard]] std::vector<std::int32_t> gpus_of(std::size_t engine) const;
  /// Of the group that has most.
  [[nodiscard]] std::size_t engines_of_a_group() const;

  /// Which share of a GPU's memory each engine takes: `wanted`, or 0.9 divided among those that
  /// share it if there is none; the same for all, even where some have a GPU alone. Fails with
  /// kInvalidArgument if together they want more than all of it, or are too many for 0.01 each.
  /// Requires: `wanted` is in [0.01, 1].
  [[nodiscard]] Result<double> memory_of_each(std::optional<double> wanted) const;

  /// "GPU 2", or "GPUs 2 to 3".
  [[nodiscard]] std::string name_of(std::size_t engine) const;
  /// A line that says whether GPUs are shared; `memory` is what each engine takes.
  [[nodiscard]] std::string text(double memory) const;

 private:
  std::size_t engines_;
  std::int32_t gpus_;
  std::int32_t first_;
  std::size_t groups_;
};

}  // namespace ringmaster
