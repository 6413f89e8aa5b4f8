#include "engine/simulated/step_time.h"

#include <algorithm>

namespace ringmaster::engine {

StepLoad load_of(const StepInput& input) {
  StepLoad load;
  for (const StepSequence& sequence : input.sequences) {
    load.add(sequence.query_tokens, sequence.context_tokens);
  }
  return load;
}

Duration step_time(const InstanceProfile& profile, const StepLoad& load) {
  const double arithmetic = profile.prefill_seconds_per_token * load.prefill_tokens +
                            profile.decode_seconds_per_token * load.decoding_sequences;
  return from_seconds(profile.step_seconds + std::max(profile.weights_seconds, arithmetic) +
                      profile.step_seconds_per_sequence * load.decoding_sequences +
                      profile.step_seconds_per_kv_token * load.kv_tokens +
                      profile.attention_seconds_per_pair * load.attention_pairs);
}

}  // namespace ringmaster::engine
