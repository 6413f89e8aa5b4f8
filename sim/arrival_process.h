#pragma once

#include <string_view>

#include "base/random.h"
#include "base/result.h"

namespace ringmaster::sim {

enum class ArrivalKind {
  kPoisson,  ///< Exponential gaps.
  kGamma,    ///< Gamma gaps: bursts and lulls, with a coefficient of variation above 1.
  kDiurnal,  ///< Poisson with a rate that goes up and down.
};

/// When things begin, on average `rate` times a second.
struct ArrivalProcessOptions {
  ArrivalKind kind = ArrivalKind::kPoisson;
  double rate = 1;      ///< Per second, in (0, 1e6].
  double gap_cv = 3;    ///< Of kGamma: standard deviation / mean of the gaps, in [0.1, 20].
  double period_s = 0;  ///< Of kDiurnal: from trough to trough, in (0, 1e9] seconds.
  double depth = 0.6;   ///< Of kDiurnal, in [0, 1]: the rate swings by this share of its mean.
};

/// "poisson", "gamma" or "diurnal". Fails with kInvalidArgument, listing them.
[[nodiscard]] Result<ArrivalKind> parse_arrival_kind(std::string_view name);

/// A sequence of moments in seconds.
///
/// kDiurnal has the rate `rate * (1 - depth * cos(2 pi t / period))`, lowest at time 0, by thinning
/// (Lewis and Shedler, "Simulation of nonhomogeneous Poisson processes by thinning", 1979).
class ArrivalProcess {
 public:
  /// The first moment is one gap after `start_s`. Requires: options in range, see check().
  ArrivalProcess(const ArrivalProcessOptions& options, double start_s, Random random)
      : options_(options), time_s_(start_s), random_(random) {}

  /// Fails with kInvalidArgument, naming the option and its range.
  [[nodiscard]] static Status check(const ArrivalProcessOptions& options);

  [[nodiscard]] double next();

 private:
  [[nodiscard]] double next_diurnal();

  ArrivalProcessOptions options_;
  double time_s_;
  Random random_;
};

}  // namespace ringmaster::sim
