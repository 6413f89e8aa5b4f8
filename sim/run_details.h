#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "sim/run_history.h"
#include "sim/simulation.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// What a page shows of one run beyond its metrics. Of bounded size: about 100 KiB at most.
struct RunDetails {
  static constexpr std::size_t kWorstMax = 20;
  static constexpr std::size_t kLoadRowsMax = 64;
  static constexpr std::size_t kSampledMax = 20'000;

  /// The counted requests of one range of prompt lengths.
  struct Length {
    std::uint64_t tokens_from = 0;  ///< Up to the next range's, or without an end.
    std::uint64_t requests = 0;
    double attainment = 0;
    std::optional<double> ttft_p90_s;
  };

  struct Worst {
    std::uint32_t request = 0;  ///< Its index in the workload.
    double arrival_s = 0;       ///< Since the first counted arrival.
    std::uint32_t prompt_tokens = 0;
    RequestOutcome outcome;
    RunHistory::Choice choice;
  };

  /// Instances `first` to `last` together; one each unless there are more than kLoadRowsMax.
  struct LoadRow {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::uint64_t requests = 0;     ///< Counted ones answered there.
    double cached_token_share = 0;  ///< Of their prompt tokens.
    /// Mean seconds of pending prefill of an instance, by period.
    std::array<double, RunHistory::kPeriods> pending_s{};
  };

  double period_s = 0;
  std::vector<std::optional<double>> ttft_quantiles_s;  ///< At quantile_shares(); see RunMetrics.
  std::vector<Length> lengths;                          ///< Ranges that hold a request, by length.
  std::vector<Worst> worst;                             ///< Rejected ones first, then by TTFT.
  std::vector<LoadRow> load;
  std::uint32_t sampled_every = 1;
  /// TTFT of the counted requests 0, sampled_every, ...; infinite if rejected.
  std::vector<float> sampled_ttft_s;

  /// 1 % to 99 % by 1 %, then 99.5 %, 99.9 % and 100 %.
  [[nodiscard]] static const std::vector<double>& quantile_shares();
};

/// Requires: the history is that of the outcome's run; `first_counted` is below the number of
/// requests.
[[nodiscard]] RunDetails describe(const Workload& workload, const SimulationOutcome& outcome,
                                  std::size_t first_counted, const SimulationOptions& options,
                                  const RunHistory& history);

}  // namespace ringmaster::sim
