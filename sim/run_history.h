#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "scheduler/decision_log.h"

namespace ringmaster::sim {

/// What happened during a run beyond the outcome of its requests: the load of each instance over
/// time, and why each request went where it did. The simulation fills it in if asked to.
///
/// Memory: kPeriods numbers per instance and one choice per request, however long the run is.
class RunHistory {
 public:
  /// Time is kept in this many periods of equal length.
  static constexpr std::size_t kPeriods = 96;

  /// The scheduler's choice of an instance for a request.
  struct Choice {
    std::string_view reason;  ///< A static label; empty if there was none.
    float estimated_ttft_s = 0;
    bool is_held = false;  ///< Not dispatched at once.
  };

  /// What is kept of time is [from, to). Requires: from < to.
  RunHistory(TimePoint from, TimePoint to) : from_(from), to_(to) {}

  /// From `now` on that many uncached prompt tokens more (less) wait for the instance or are in
  /// prefill there. O(1), or O(periods passed since its last change). Requires: `now` never goes
  /// backwards for an instance.
  void change_pending(std::uint32_t instance, std::int64_t tokens, TimePoint now);

  /// Keeps the last choice of each request, by its index in the workload.
  void note_choice(std::uint32_t request, const DecisionRecord& decision);

  /// Carries every instance's pending tokens on to the end of what is kept.
  void finish();

  /// By slot; an instance that never had anything to do may be missing at the end.
  [[nodiscard]] std::size_t instances() const { return pending_.size(); }

  /// Mean over each period. Requires: finish() was called; `instance` is below instances().
  [[nodiscard]] std::array<double, kPeriods> mean_pending_tokens(std::uint32_t instance) const;

  [[nodiscard]] double period_seconds() const { return to_seconds(to_ - from_) / kPeriods; }

  /// A choice without a reason if none was noted.
  [[nodiscard]] Choice choice_of(std::uint32_t request) const {
    return request < choices_.size() ? choices_[request] : Choice{};
  }

 private:
  struct Pending {
    std::int64_t tokens = 0;
    TimePoint since{};
    std::array<double, kPeriods> token_seconds{};
  };

  /// Adds what was pending since the last change.
  void carry_on(Pending& pending, TimePoint now) const;

  TimePoint from_;
  TimePoint to_;
  std::vector<Pending> pending_;
  std::vector<Choice> choices_;
};

}  // namespace ringmaster::sim
