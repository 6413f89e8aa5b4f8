#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "policies/admission.h"
#include "policies/candidate_filter.h"
#include "policies/placement_veto.h"
#include "policies/routing_policy.h"

namespace ringmaster {

struct SchedulerOptions;

/// The policy of a scheduler and what stands beside it: filters narrow the candidates one after
/// the other, the veto takes out those in danger, the policy chooses among the rest, the admission
/// may refuse. A filter or veto that leaves nobody is passed over. Not thread-safe.
class RoutingParts {
 public:
  /// Fails as make_policy() does, for the first part with a problem.
  [[nodiscard]] static Result<RoutingParts> make(const SchedulerOptions& options);

  /// A policy with nothing beside it.
  explicit RoutingParts(std::unique_ptr<RoutingPolicy> policy);

  [[nodiscard]] RoutingPolicy& policy() { return *policy_; }
  [[nodiscard]] const RoutingPolicy& policy() const { return *policy_; }
  /// Null: none.
  [[nodiscard]] Admission* admission() { return admission_.get(); }
  [[nodiscard]] PlacementVeto* veto() { return veto_.get(); }

  /// The candidates of the query that may be chosen; not empty. Valid until the next call. Costs
  /// nothing where there is neither filter nor veto.
  [[nodiscard]] std::span<const InstanceId> narrowed(const RoutingQuery& query,
                                                     const FleetState& fleet);

  /// Who is to be told what becomes of requests.
  [[nodiscard]] std::vector<RequestObserver*> observers();

 private:
  template <class Narrow>
  void narrow_unless_nobody_is_left(const Narrow& narrow);

  std::unique_ptr<RoutingPolicy> policy_;
  std::vector<std::unique_ptr<CandidateFilter>> filters_;
  std::unique_ptr<PlacementVeto> veto_;
  std::unique_ptr<Admission> admission_;
  std::vector<InstanceId> kept_;
  std::vector<InstanceId> before_;  ///< Scratch.
};

}  // namespace ringmaster
