#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "fleet/fleet_state.h"
#include "fleet/home_rings.h"
#include "fleet/instance.h"
#include "fleet/request.h"
#include "policies/prefetch_planner.h"
#include "policies/published_form.h"
#include "policies/request_observer.h"
#include "policies/score_terms.h"

namespace ringmaster {

/// What a policy may look at besides the fleet. Lives for one choice.
struct RoutingQuery {
  const RequestSpec& request;
  std::span<const InstanceId> candidates;  ///< By slot; not empty; none that was tried before.
  Homes homes;                             ///< Among the candidates. Empty unless needs_homes().
  std::uint32_t key_blocks = 0;            ///< Depth of the hash key behind the homes.
  Duration ttft_slo{};                     ///< Of this request.
  TimePoint now{};
  std::uint64_t key = 0;  ///< The hash key behind the homes.
};

/// An instance as a policy weighed it.
struct ScoredCandidate {
  InstanceId instance;
  std::uint32_t cached_tokens = 0;
  double score = 0.0;  ///< The policy's own figure; smaller is better.
};

/// A choice, the reason for it and what it was weighed against. The chosen instance must have been
/// considered.
class RoutingDecision {
 public:
  static constexpr std::size_t kScoredMax = 8;

  InstanceId instance;
  std::string_view reason;  ///< A static label, used in logs, the decision log and metrics.
  bool is_refused = false;  ///< Better answered at once that it comes too late; instance: the best.
  bool knows_cache = false;  ///< Whether the candidates' cached_tokens were looked up.

  /// Notes a candidate; of more than kScoredMax the best are kept.
  void consider(const ScoredCandidate& candidate) {
    ++considered_;
    if (count_ < kScoredMax) {
      scored_[count_++] = candidate;
    } else if (candidate.score < scored_[worst_].score) {
      scored_[worst_] = candidate;
    } else {
      return;
    }
    find_worst();
  }

  /// Makes a considered candidate the choice and keeps it among the shown ones, whatever its score.
  void take(const ScoredCandidate& candidate) {
    instance = candidate.instance;
    const auto is_same = [&](const auto& other) { return other.instance == instance; };
    if (std::ranges::any_of(scored(), is_same)) return;
    scored_[count_ < kScoredMax ? count_++ : worst_] = candidate;
    find_worst();
  }

  [[nodiscard]] std::span<ScoredCandidate> scored() { return std::span(scored_).first(count_); }
  [[nodiscard]] std::uint32_t considered() const { return considered_; }

 private:
  void find_worst() {
    const auto by_score = [](const auto& a, const auto& b) { return a.score < b.score; };
    worst_ = static_cast<std::size_t>(
        std::max_element(scored_.begin(), scored_.begin() + count_, by_score) - scored_.begin());
  }

  std::array<ScoredCandidate, kScoredMax> scored_{};
  std::size_t worst_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t considered_ = 0;
};

/// Chooses the instance that serves a request.
///
/// A plain calculation: it reads the query, the fleet and its own state and nothing else, so the
/// same object makes the same choices in the gateway and in the simulator. It never sees the true
/// output length. Not thread-safe.
class RoutingPolicy {
 public:
  virtual ~RoutingPolicy() = default;

  /// The name in configuration, logs and metrics.
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Whether choose() reads query.homes.
  [[nodiscard]] virtual bool needs_homes() const { return false; }

  [[nodiscard]] virtual PublishedForm published_form() const { return {}; }

  /// Whether a choice follows from requests or choices before it: a turn, a plan, a session's home.
  /// Random draws and the order of ties do not count, nor do means over what is weighed.
  [[nodiscard]] virtual bool has_history() const { return false; }

  /// Who is told what becomes of requests, for a policy that learns; null: nobody. Owned by this.
  [[nodiscard]] virtual RequestObserver* observer() { return nullptr; }

  /// Who orders prefixes ahead of their requests; null: nobody. Owned by this.
  [[nodiscard]] virtual PrefetchPlanner* prefetcher() { return nullptr; }

  /// One of query.candidates, in `decision` (passed in empty).
  virtual void choose(const RoutingQuery& query, const FleetState& fleet,
                      RoutingDecision& decision) = 0;

  /// The parts of the score that the last choose() gave the candidate. Requires: the same query and
  /// fleet, and nothing changed since. Called for explanations only, so it may compute again.
  virtual void describe(const RoutingQuery& /*query*/, const FleetState& /*fleet*/,
                        const ScoredCandidate& /*candidate*/, ScoreTerms& /*terms*/) const {}
};

/// Seconds until the instance could give this request its first token: everything booked on it and
/// not yet prefilled, and what it would have to compute of this prompt itself.
[[nodiscard]] inline double estimated_ttft_seconds(const InstanceState& instance,
                                                   std::uint32_t uncached) {
  return static_cast<double>(instance.load.pending_tokens() + uncached) *
         instance.prefill_seconds_per_token;
}

/// The parts of that estimate; `uncached` 0: this request's own work is not in it.
inline void add_ttft_terms(const InstanceState& instance, std::uint32_t uncached,
                           ScoreTerms& terms) {
  const double tau = instance.prefill_seconds_per_token;
  terms.add("held", static_cast<double>(instance.load.held_tokens) * tau);
  terms.add("sent", static_cast<double>(instance.load.sent_tokens) * tau);
  if (uncached > 0) terms.add("uncached", uncached * tau);
}

inline constexpr std::string_view kTtftFormula = "held + sent + uncached, in seconds";

}  // namespace ringmaster
