#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/random.h"
#include "policies/continued_prompts.h"
#include "policies/option_reader.h"
#include "policies/routing_policy.h"
#include "policies/session_homes.h"

namespace ringmaster {

struct PricedHomesOptions {
  double load_weight = 10.0;  ///< Of an uncached token, per second of mean pending work up to 1 s.
  double put_aside_weight = 0.1;  ///< Of a pending token that later arrivals go before.
  double running_weight = 0.15;   ///< Of a prompt token that is being decoded there.
  double escape_seconds = 1.0;    ///< What an instance that is not a home must be cheaper by.
  double long_seconds = 1.0;      ///< Prefill that makes leaving home cheap, from half of it on.
  std::uint32_t escapes = 14;     ///< Instances beside the homes that are weighed.
  double leave_weight = 0.5;      ///< Of a weighed uncached token where the session has not been.
  std::uint32_t sessions_max = 65'536;  ///< Remembered; 0: sessions mean nothing.
  bool continuations = true;  ///< A prompt that continues an earlier one goes as a session does.
  HotnessOptions hotness;
};

/// The flagship, `ringmaster`: the cheapest of the two homes and a few other instances, which must
/// be cheaper by a price:
///
///     price_i = tau_i * (pending_i + w * uncached_i + running_weight * running_i)
///               + (0 if i is a home, else escape)
///     w       = 1 + load_weight * min(1, mean pending seconds of the fleet)
///     escape  = escape_seconds * clamp(2 - 2 * tau_i * uncached_i / long_seconds, 0.05, 1)
///
/// A request that names its session has the session's homes by the rings, and once the session has
/// been answered, one home: the instance that it used last. Any other then costs escape
/// and leave_weight * tau_i * w * uncached_i * min(1, mean pending seconds / 10): the context of a
/// session is of use to nobody else, and a copy of it left behind costs cache for nothing. In an
/// overload that keeps sessions where they are; at moderate load it hardly delays them. So it is
/// with a request that names none but whose prompt continues an earlier one
/// (policies/continued_prompts.h).
///
/// pending: uncached tokens held for it or in prefill there, those that the queue's order has put
/// aside at put_aside_weight, since this request would go before them; uncached: of this prompt;
/// running: prompt tokens of requests decoding there, which slow every step. Computing again what
/// another instance has takes time and cache from everyone, the more so the busier the fleet: hence
/// w. The price of an escape keeps a prompt on its homes, of which several gateways and a stale
/// index agree, unless they are that much worse. A prompt of which much is left to compute pays for
/// that in w already, and is what the tail of all times to the first token consists of: it goes
/// where it has to wait least.
///
/// Weighed are all instances of a small fleet; in a larger one, beside the homes, two that hold
/// most of the prompt and some random ones. O(escapes * chain), whatever the size of the fleet.
/// With its own queue: `on_time`, one prefill per instance at a time, no moves.
/// Constants: tuned on the first 4,000 requests of the conversation trace; docs/policies.md.
class PricedHomes final : public RoutingPolicy {
 public:
  static constexpr std::uint32_t kEscapesMax = 32;
  static constexpr std::uint32_t kWeighedMax = 3 + kEscapesMax;

  PricedHomes(const PricedHomesOptions& options, std::uint64_t seed);

  [[nodiscard]] std::string_view name() const override { return "ringmaster"; }
  [[nodiscard]] bool needs_homes() const override { return true; }
  [[nodiscard]] bool has_history() const override { return options_.sessions_max > 0; }
  [[nodiscard]] PublishedForm published_form() const override;
  void choose(const RoutingQuery& query, const FleetState& fleet,
              RoutingDecision& decision) override;
  void describe(const RoutingQuery& query, const FleetState& fleet,
                const ScoredCandidate& candidate, ScoreTerms& terms) const override;

 private:
  [[nodiscard]] std::optional<InstanceId> home_of_conversation(const RoutingQuery& query,
                                                               const FleetState& fleet);
  void note_conversation(const RoutingQuery& query, const FleetState& fleet, InstanceId instance);
  void gather(const RoutingQuery& query, const FleetState& fleet);
  void gather_some(const RoutingQuery& query, const FleetState& fleet);
  void weigh_also(InstanceId instance);
  void note_pending(const FleetState& fleet, std::size_t instance_count);
  /// In seconds, without what it costs to leave home.
  struct Price {
    double pending = 0.0;
    double uncached = 0.0;  ///< Weighed.
    double running = 0.0;
    double prefill = 0.0;  ///< As uncached, but not weighed; no part of the sum.

    [[nodiscard]] double sum() const { return pending + uncached + running; }
  };

  [[nodiscard]] Price price_of(const InstanceState& state, const RequestSpec& request,
                               std::uint32_t cached_tokens) const;
  /// What it costs to leave home for the instance.
  [[nodiscard]] double leaving_price(const RoutingQuery& query, InstanceId instance,
                                     const Price& price) const;
  [[nodiscard]] std::string_view reason_of(const RoutingQuery& query, InstanceId instance) const;
  [[nodiscard]] std::span<const InstanceId> weighed() const {
    return std::span(weighed_).first(weighed_count_);
  }

  PricedHomesOptions options_;
  SessionHomes sessions_;
  ContinuedPrompts prompts_;
  Random random_;
  double mean_pending_seconds_ = 0.0;  ///< Of the fleet; a running mean where it is sampled.

  // Of the last choose(): the homes first, then the session's, then the others.
  ContinuedPrompts::Followed followed_;
  std::optional<InstanceId> session_home_;
  std::array<InstanceId, kWeighedMax> weighed_{};
  std::size_t weighed_count_ = 0;
};

[[nodiscard]] std::unique_ptr<RoutingPolicy> make_priced_homes(OptionReader& options,
                                                               std::uint64_t seed);

}  // namespace ringmaster
