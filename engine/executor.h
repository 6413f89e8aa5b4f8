#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/step_input.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// What the engine must know of a loaded model.
struct ModelInfo {
  std::string name;
  std::int32_t vocabulary_size = 0;
  std::int32_t context_tokens_max = 0;  ///< Prompt and output together.
  std::vector<TokenId> end_tokens;      ///< Any of them ends an output.
};

struct TokenLogprob {
  TokenId token = 0;
  float logprob = 0.0F;
};

struct SampledToken {
  TokenId token = 0;
  float logprob = 0.0F;            ///< Natural log; only if asked for.
  std::vector<TokenLogprob> best;  ///< Descending; only if asked for.
};

struct StepOutput {
  std::vector<SampledToken> sampled;  ///< By sample row.
  Duration device_time{};
};

/// A device that runs steps of one model: cpu, cuda or sim.
///
/// Submission and waiting are two calls so that a device can compute while the host prepares the
/// next step; cpu and sim may do all the work in wait(). Not thread-safe: the engine thread only.
class Executor {
 public:
  virtual ~Executor() = default;

  [[nodiscard]] virtual const ModelInfo& model() const = 0;
  [[nodiscard]] virtual std::int32_t block_tokens() const = 0;
  [[nodiscard]] virtual std::int32_t block_count() const = 0;

  /// KV blocks that the host's memory holds beside the device's; 0: no host tier.
  [[nodiscard]] virtual std::int32_t host_block_count() const { return 0; }

  /// Steps that may be submitted before the first of them is waited for.
  [[nodiscard]] virtual std::int32_t steps_in_flight_max() const { return 1; }

  /// Requires: fewer than steps_in_flight_max() steps are in flight. `input` stays valid and
  /// unchanged until its wait() returns.
  virtual void submit(const StepInput& input) = 0;

  /// Waits for the oldest step in flight. Fails with kInternal if the device failed; the engine
  /// then fails every sequence of the step.
  [[nodiscard]] virtual Status wait(StepOutput& output) = 0;

  /// Whether the device has failed for good: every later step will fail too.
  [[nodiscard]] virtual bool is_lost() const { return false; }
};

}  // namespace ringmaster::engine
