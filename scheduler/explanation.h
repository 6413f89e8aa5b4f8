#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "fleet/instance.h"
#include "policies/score_terms.h"
#include "scheduler/decision_log.h"

namespace ringmaster {

/// Which decisions are explained in full, and how many explanations are kept.
struct ExplainOptions {
  std::uint32_t kept = 0;  ///< The last ones, in [0, 65536]; 0: nothing is explained.
  /// At most one decision per interval, so that the cost has a bound whatever the load; 0: each.
  /// A request that is explained is so at every attempt.
  Duration interval = std::chrono::milliseconds(10);
  bool others = true;  ///< Also what the other policies would have done.
  /// The other policies see every decision, so that those with a history have theirs. Costs as
  /// much as all of them together; for the simulator.
  bool others_see_all = false;
  std::uint64_t only_request = 0;  ///< Explain this request and no other; 0: any.
};

/// A choice that was asked for and not obeyed.
struct AdvisedChoice {
  InstanceId instance;
  std::string_view reason;  ///< Static.
  bool is_refused = false;
  std::uint32_t cached_tokens = 0;  ///< Expected there.
  double estimated_ttft_seconds = 0.0;
};

/// What a decision knew of one candidate, with the time at which it was true.
struct ExplainedCandidate {
  std::string name;
  bool is_home = false;
  // Bookings of the gateway itself: true at the moment of the decision.
  std::uint32_t held_requests = 0;
  std::uint32_t prefilling_requests = 0;
  std::uint32_t decoding_requests = 0;
  std::uint64_t running_kv_blocks = 0;
  double prefill_seconds_per_token = 0.0;
  InstanceReport report;  ///< Its time is TimePoint{} where there was none.
  ResidencySource residency = ResidencySource::kMirror;
  TimePoint residency_time{};  ///< Of the last change that was heard of; TimePoint{}: none.
  std::uint32_t residency_blocks = 0;
  ScoreTerms terms;
};

/// What another policy would have done on the same inputs.
struct OtherPolicy {
  std::string policy;  ///< With its options.
  bool is_shadow = false;
  std::optional<AdvisedChoice> choice;
  std::string instance;     ///< Name of the chosen one.
  std::string_view absent;  ///< Why there is no choice.
};

/// What became of the request after the decision.
struct Happening {
  enum class Kind : std::uint8_t {
    kHeld,
    kDispatched,
    kMoved,
    kFirstToken,
    kFailed,
    kFinished,
    kRejected,
    kCancelled,
    kDecidedAgain,  ///< A retry, or its instance was lost; explained for itself.
  };
  TimePoint time{};
  Kind kind = Kind::kHeld;
  std::string instance;             ///< Where; for a move, where to.
  std::string from;                 ///< Of a move.
  std::uint32_t attempt = 0;        ///< Of a dispatch.
  std::uint64_t decision = 0;       ///< That moved, dispatched or retried it.
  std::string_view text;            ///< Why: a static label or message; may be empty.
  std::uint32_t cached_tokens = 0;  ///< Expected, of a dispatch.
};

/// One decision with everything that it was based on, and what came of it.
struct Explanation {
  static constexpr std::size_t kHappeningsMax = 64;

  DecisionRecord record;
  std::uint32_t blocks = 0;  ///< Of the prompt's chain.
  std::uint32_t block_tokens = 0;
  std::uint64_t key = 0;  ///< Hash key; 0 where the policy uses none.
  bool has_session = false;
  bool has_tenant = false;
  std::int32_t priority = 0;
  Duration ttft_slo{};
  TimePoint arrived_at{};
  std::vector<ExplainedCandidate> candidates;  ///< As record.candidates: the best score first.
  std::vector<OtherPolicy> others;
  std::vector<Happening> happenings;
  std::uint32_t happenings_left_out = 0;
  std::optional<std::uint32_t> reported_cached_tokens;
};

/// What came of the request, read off its happenings.
struct ExplainedOutcome {
  std::string_view state;               ///< "waiting", or the name of the last happening.
  std::optional<double> queue_seconds;  ///< Arrived to first dispatched after this decision.
  std::optional<double> ttft_seconds;   ///< Arrived to first token, as the scheduler heard of it.
  std::optional<double> total_seconds;  ///< Arrived to finished.
  std::optional<std::uint32_t> expected_cached_tokens;  ///< Of the last dispatch.
  std::optional<std::uint32_t> reported_cached_tokens;  ///< As the answer said.
};
[[nodiscard]] ExplainedOutcome outcome_of(const Explanation& explanation);

/// As printed: "held", "dispatched" and so on.
[[nodiscard]] std::string_view name_of(Happening::Kind kind);

/// "mirror" or "events".
[[nodiscard]] std::string_view name_of(ResidencySource source);

}  // namespace ringmaster
