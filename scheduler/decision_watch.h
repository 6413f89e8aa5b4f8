#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scheduler/explanation.h"
#include "scheduler/request_table.h"
#include "scheduler/scheduler.h"
#include "scheduler/shadow_policy.h"

namespace ringmaster {

/// Watches decisions and changes none: runs the shadow policy, explains some decisions in full and
/// follows what becomes of their requests. Memory: `kept` explanations of a few KiB each.
class DecisionWatch {
 public:
  /// Null if the options ask for neither a shadow nor explanations. Fails as make_policy() does.
  [[nodiscard]] static Result<std::unique_ptr<DecisionWatch>> create(
      const SchedulerOptions& options);

  /// Notes the shadow's choice in `entry`, explains the decision if it is one of those to explain,
  /// and names the explanation in `request`.
  void decided(const Decided& decided, RequestRecord& request, DecisionRecord& entry);

  /// Appends those who have to be told what becomes of requests. They live as long as this.
  void append_observers(std::vector<RequestObserver*>& observers) const;

  /// What happened to a request that is explained.
  void happened(const RequestRecord& request, Happening happening);
  void reported_cached_tokens(const RequestRecord& request, std::uint32_t tokens);

  /// Of that decision, or of the one that it moved or retried. Null if it was not explained or is
  /// not kept any more. Valid until the next decided(). O(explanations kept).
  [[nodiscard]] const Explanation* find(std::uint64_t decision) const;

  /// Those that are kept, the oldest first.
  [[nodiscard]] std::vector<const Explanation*> all() const;

  /// Null where there is no shadow.
  [[nodiscard]] const ShadowFigures* shadow() const {
    return shadow_ ? &shadow_->figures() : nullptr;
  }

 private:
  struct Kept {
    std::uint64_t id = 0;
    Explanation explanation;
  };

  explicit DecisionWatch(const ExplainOptions& options) : options_(options) {}

  [[nodiscard]] bool explains(const RequestRecord& request, TimePoint now) const;
  [[nodiscard]] std::vector<OtherPolicy> ask_others(const Decided& decided) const;
  [[nodiscard]] Explanation* find_kept(std::uint64_t id);
  void explain(const Decided& decided, RequestRecord& request, const DecisionRecord& entry,
               std::vector<OtherPolicy> others);

  ExplainOptions options_;
  std::unique_ptr<ShadowPolicy> shadow_;
  std::vector<std::unique_ptr<AdvisingPolicy>> others_;
  std::vector<Kept> kept_;  ///< A ring.
  std::uint64_t next_id_ = 1;
  TimePoint next_at_ = TimePoint::min();
};

}  // namespace ringmaster
