#include "scheduler/explanation.h"

#include <array>

namespace ringmaster {

ExplainedOutcome outcome_of(const Explanation& explanation) {
  using Kind = Happening::Kind;
  ExplainedOutcome outcome{.state = "waiting"};
  const auto since_arrival = [&](const Happening& happening) {
    return to_seconds(happening.time - explanation.arrived_at);
  };
  for (const Happening& happening : explanation.happenings) {
    outcome.state = name_of(happening.kind);
    if (happening.kind == Kind::kDispatched) {
      if (!outcome.queue_seconds) outcome.queue_seconds = since_arrival(happening);
      outcome.expected_cached_tokens = happening.cached_tokens;
    } else if (happening.kind == Kind::kFirstToken) {
      outcome.ttft_seconds = since_arrival(happening);
    } else if (happening.kind == Kind::kFinished) {
      outcome.total_seconds = since_arrival(happening);
    }
  }
  outcome.reported_cached_tokens = explanation.reported_cached_tokens;
  return outcome;
}

std::string_view name_of(Happening::Kind kind) {
  constexpr std::array<std::string_view, 9> kNames{"held",        "dispatched", "moved",
                                                   "first_token", "failed",     "finished",
                                                   "rejected",    "cancelled",  "decided_again"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::string_view name_of(ResidencySource source) {
  return source == ResidencySource::kMirror ? "mirror" : "events";
}

}  // namespace ringmaster
