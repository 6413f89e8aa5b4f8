#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/admission.h"
#include "policies/cached_prompt.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Refuses what would be late wherever it went, so that it does not make others late:
///
///     refused if min over i of (pending_i + max(1, prompt - cached_i)) * seconds_per_token_i
///                > reject_above * target
///
/// O(n) and one walk of the index. Options: reject_above in [0.01, 1000] (1).
/// Source: early rejection of Mooncake (arXiv 2407.00079), for instances that prefill and decode
/// themselves. Left out: rejection by predicted decode load.
class EarlyRejection final : public Admission {
 public:
  explicit EarlyRejection(double reject_above) : reject_above_(reject_above) {}

  [[nodiscard]] std::string_view name() const override { return "early_rejection"; }
  [[nodiscard]] bool admits(const RoutingQuery& query, const FleetState& fleet) override;
  [[nodiscard]] std::string_view refusal() const override { return "past_slo_everywhere"; }

  /// The same where the smallest estimate is known already.
  [[nodiscard]] bool admits(double least_seconds, Duration ttft_slo) const {
    return least_seconds <= reject_above_ * to_seconds(ttft_slo);
  }

 private:
  double reject_above_;  ///< Times the TTFT target.
  CachedPrompt cached_;
};

/// Option `reject_above`.
[[nodiscard]] double read_reject_above(OptionReader& options);

[[nodiscard]] std::unique_ptr<Admission> make_early_rejection(OptionReader& options,
                                                              std::uint64_t seed);

}  // namespace ringmaster
