#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "policies/admission.h"
#include "policies/cached_prompt.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Refuses unimportant requests while the fleet is busy: one of a priority under `below` is served
/// only if some instance has nothing to do, uses less than `kv_usage` of its KV memory, or would
/// have its first token out within the target.
///
/// O(n) and one walk of the index for such a request, else O(1).
/// Options: below in [-1000000, 1000000] (0), kv_usage in [0, 1] (0.02).
/// Source: the admission of llm-d's endpoint picker by predicted latency; the prediction is ours.
class ShedLowPriority final : public Admission {
 public:
  ShedLowPriority(double below, double kv_usage) : below_(below), kv_usage_(kv_usage) {}

  [[nodiscard]] std::string_view name() const override { return "shed_low_priority"; }
  [[nodiscard]] bool admits(const RoutingQuery& query, const FleetState& fleet) override;
  [[nodiscard]] std::string_view refusal() const override { return "low_priority_while_busy"; }

 private:
  double below_;
  double kv_usage_;
  CachedPrompt cached_;
};

[[nodiscard]] std::unique_ptr<Admission> make_shed_low_priority(OptionReader& options,
                                                                std::uint64_t seed);

}  // namespace ringmaster
