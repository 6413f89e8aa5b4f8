#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "policies/cached_prompt.h"
#include "policies/learning_policy.h"
#include "policies/option_reader.h"
#include "policies/pause_history.h"
#include "policies/recent_map.h"
#include "policies/rotating_minimum.h"

namespace ringmaster {

struct TtlPinOptions {
  double first_ttl_seconds = 60.0;  ///< Until enough pauses are known.
  double ttl_max_seconds = 600.0;
  double memory_price = 1.0;  ///< Of the whole memory of an instance, a second.
  std::uint32_t sessions_max = 65'536;
};

/// A session's home stays warm for its time to live: later turns go there as long as they would be
/// in time, and others are kept from pushing its context out.
///
///     ttl     = argmax over known pauses t of  share of pauses <= t * (recompute + wait)
///                                              - memory_price * context / kv_cache_tokens * t
///     score_i = (pending_i + uncached_i) * seconds_per_token_i
///               + what of the pinned contexts of i would have to go, in seconds to recompute
///
/// pauses: from the end of an answer to the session's next request, the last 256 of all sessions;
/// recompute: the context's prefill; wait: what requests wait for prefill now, mean over the fleet.
/// At its home a pinned session's context counts as cached even where the index has forgotten it.
/// Past its target there, or without a session, the smallest score; ties go around. A ttl of 0 pins
/// nothing. O(n) and one walk of the index.
/// Options: first_ttl_seconds in [0, 86400] (60), ttl_max_seconds in [0, 86400] (600),
/// memory_price in [0, 1000] (1), sessions_max in [1, 10000000] (65536).
/// Source: Continuum (arXiv 2511.02230), there in the engine; here the router acts as if it were
/// so. Left out: pauses by kind of tool, which requests do not name, and the queue by a session's
/// first arrival.
class TtlPin final : public LearningPolicy {
 public:
  explicit TtlPin(const TtlPinOptions& options);

  [[nodiscard]] std::string_view name() const override { return "ttl_pin"; }
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

  /// Tokens of the contexts that are pinned there now.
  [[nodiscard]] std::uint64_t pinned_tokens(InstanceId instance) const;

 private:
  struct Session {
    InstanceId instance;
    std::uint64_t pin = 0;  ///< Number of its pin; 0: not pinned.
    std::uint32_t tokens = 0;
    TimePoint answered_at{};
    bool is_answered = false;  ///< And has not come back since.
  };
  struct Expiry {
    TimePoint at{};
    std::uint64_t session = 0;
    std::uint64_t pin = 0;
  };

  void ended(const ObservedRequest& seen) override;
  void instance_left(InstanceId instance) override;

  void expire(TimePoint now);
  void unpin(Session& session);
  void drop_stale_expiries();  ///< Of sessions that came back: at most sessions_max stay.
  void note_fleet(const FleetState& fleet);
  [[nodiscard]] double ttl_seconds(std::uint32_t tokens, InstanceId instance) const;
  [[nodiscard]] std::uint32_t cached_at(InstanceId candidate) const;
  [[nodiscard]] double displaced_seconds(const InstanceState& state, InstanceId candidate,
                                         std::uint32_t uncached) const;

  TtlPinOptions options_;
  RecentMap<Session> sessions_;
  PauseHistory pauses_;
  std::vector<Expiry> expiries_;  ///< A heap, the next one first.
  std::uint64_t last_pin_ = 0;
  std::vector<std::uint64_t> pinned_tokens_;  ///< By slot.
  /// Seconds per token and memory, by slot, as of the last choice: an end of an answer comes
  /// without the fleet.
  std::vector<std::pair<double, double>> instances_;
  double mean_wait_seconds_ = 0.0;
  CachedPrompt cached_;
  RotatingMinimum minimum_;

  // Of the request being placed.
  InstanceId home_;
  std::uint32_t home_tokens_ = 0;  ///< Pinned context at home_; 0: none.
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_ttl_pin(OptionReader& options,
                                                          std::uint64_t seed);

}  // namespace ringmaster
