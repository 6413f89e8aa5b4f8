#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "cli/finished_points.h"
#include "cli/sim_sweep.h"
#include "sim/run.h"

namespace ringmaster {

/// What `--resume` keeps of a command: the points that have ended, found again by all that went
/// into them. find() and keep() may be called from any thread.
class KeptPoints {
 public:
  /// Fails as FinishedPoints::open() and inputs_of(). Requires: `flags` outlives it.
  [[nodiscard]] static Result<std::unique_ptr<KeptPoints>> open(const SimFlags& flags);

  /// What an earlier run made of the point; absent where it has to be simulated. Fails as
  /// digest_of(). O(requests of the point).
  [[nodiscard]] Result<std::optional<sim::RunReport>> find(const SimSweep::Point& point);

  /// Fails as FinishedPoints::add() and digest_of(). O(requests of the point).
  [[nodiscard]] Status keep(const SimSweep::Point& point, const sim::RunReport& report);

  /// Says on standard error how many of so many points were found, unless the file was empty.
  void tell(std::size_t points) const;

 private:
  KeptPoints(const SimFlags& flags, std::string inputs, std::unique_ptr<FinishedPoints> finished)
      : flags_(flags), inputs_(std::move(inputs)), finished_(std::move(finished)) {}

  const SimFlags& flags_;
  const std::string inputs_;
  const std::unique_ptr<FinishedPoints> finished_;
  std::atomic<std::size_t> found_ = 0;
};

}  // namespace ringmaster
