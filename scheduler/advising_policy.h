#pragma once

#include <memory>
#include <optional>
#include <string>

#include "policies/policy_config.h"
#include "policies/routing_policy.h"
#include "scheduler/explanation.h"
#include "scheduler/home_finder.h"

namespace ringmaster {

/// A decision just made and not booked yet.
struct Decided {
  const RoutingQuery& query;
  const FleetState& fleet;
  const RoutingPolicy& policy;
  RoutingDecision& decision;
  bool is_first = false;                 ///< Of its request.
  bool is_admitted = true;               ///< Else refused whatever a policy says.
  const HomeFinder* homes_of = nullptr;  ///< That found the query's homes; null: it has none.
};

/// The choice that was made, with its cached tokens and its estimate of the TTFT, for comparing.
[[nodiscard]] AdvisedChoice acting_choice(const Decided& decided);

/// A policy that is asked and never obeyed. It reads the same fleet as the acting policy and, if
/// its observer() is told, hears what truly becomes of the requests. What it notes in choose()
/// itself (turns, plans, homes of sessions) are its own choices.
class AdvisingPolicy {
 public:
  /// Fails as make_policy() does.
  [[nodiscard]] static Result<std::unique_ptr<AdvisingPolicy>> create(const PolicyConfig& config,
                                                                      std::uint64_t seed);

  /// What it would do. The homes are the acting policy's, where it has any and its keys go by the
  /// same options; else they are found anew.
  [[nodiscard]] AdvisedChoice ask(const Decided& decided);

  [[nodiscard]] const std::string& text() const { return text_; }  ///< With options.
  [[nodiscard]] RoutingPolicy& policy() const { return *policy_; }
  [[nodiscard]] const HotnessOptions& hotness() const { return hotness_; }

  /// `text` names the policy. Requires: a policy.
  AdvisingPolicy(std::string text, std::unique_ptr<RoutingPolicy> policy);

 private:
  std::string text_;
  std::unique_ptr<RoutingPolicy> policy_;
  HotnessOptions hotness_;
  std::optional<HomeFinder> homes_;  ///< Half a megabyte: made when it first has to find any.
};

}  // namespace ringmaster
