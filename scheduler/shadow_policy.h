#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "scheduler/advising_policy.h"

namespace ringmaster {

/// How a shadow policy compares with the acting one, over all decisions so far.
struct ShadowFigures {
  std::string policy;  ///< The shadow, with its options.
  std::uint64_t decisions = 0;
  std::uint64_t differing = 0;  ///< Another instance, or only one of the two refused.
  // Sums over the decisions, of what was expected at the instance chosen.
  std::uint64_t acting_cached_tokens = 0;
  std::uint64_t shadow_cached_tokens = 0;
  double acting_ttft_seconds = 0.0;
  double shadow_ttft_seconds = 0.0;
  bool has_failed = false;  ///< It threw, and is not asked any more.
  std::string failure;      ///< What it threw; empty if it has not failed.

  // Counts and sums, as of the same policy.
  void add(const ShadowFigures& other);
  void take_off(const ShadowFigures& earlier);
};

/// A policy beside the acting one: it decides on the same inputs and acts on nothing. Asked within
/// the decision, since a moment later the inputs are others; what that costs is measured by
/// bench/decision_bench.cc.
///
/// What it throws, from a choice or from hearing of a request, stays here: it is then neither asked
/// nor told anything any more, and the acting policy goes on.
class ShadowPolicy : private RequestObserver {
 public:
  explicit ShadowPolicy(std::unique_ptr<AdvisingPolicy> policy);

  /// Its choice; none once it has failed.
  [[nodiscard]] std::optional<AdvisedChoice> decide(const Decided& decided);

  [[nodiscard]] const ShadowFigures& figures() const { return figures_; }
  /// Who is to be told what becomes of requests; null: the shadow does not listen. Owned by this.
  [[nodiscard]] RequestObserver* observer() {
    return policy_->policy().observer() == nullptr ? nullptr : this;
  }

 private:
  void dispatched(const ObservedRequest& seen) override;
  void first_token(const ObservedRequest& seen) override;
  void ended(const ObservedRequest& seen) override;
  void instance_left(InstanceId instance) override;

  /// Calls it unless it has failed; false if it has, now or before.
  template <class Call>
  bool attempt(const Call& call);

  std::unique_ptr<AdvisingPolicy> policy_;
  ShadowFigures figures_;
};

}  // namespace ringmaster
