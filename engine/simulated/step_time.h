#pragma once

#include "base/clock.h"
#include "engine/executor.h"
#include "engine/simulated/instance_profile.h"

namespace ringmaster::engine {

/// What a step does, as far as its duration depends on it. Counts, whole numbers all.
struct StepLoad {
  double prefill_tokens = 0;      ///< Computed, of prompts.
  double decoding_sequences = 0;  ///< One token each.
  double kv_tokens = 0;           ///< That the decoding sequences read, their own included.
  double attention_pairs = 0;     ///< A prefilled token and a token before it.

  /// Adds one sequence: `query_tokens` computed now, `context_tokens` with KV after the step. One
  /// computed token counts as decoding, be it the last one of a prompt.
  void add(double query_tokens, double context_tokens) {
    if (query_tokens == 1) {
      decoding_sequences += 1;
      kv_tokens += context_tokens;
    } else {
      prefill_tokens += query_tokens;
      attention_pairs += query_tokens * (context_tokens - query_tokens / 2);
    }
  }
};

[[nodiscard]] StepLoad load_of(const StepInput& input);

/// How long a device takes for a step:
///
///   a + max(weights, tau * prefill tokens + decode * decoding sequences)
///     + c * decoding sequences + d * KV tokens + attention * pairs
///
/// with the constants of the profile. Those of the DualMap paper leave weights, decode and
/// attention at 0.
[[nodiscard]] Duration step_time(const InstanceProfile& profile, const StepLoad& load);

}  // namespace ringmaster::engine
