#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/executor.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// Names a request within one engine; counts up from 1 in order of arrival.
using RequestId = std::uint64_t;

/// What to generate.
struct GenerateRequest {
  TokenVector prompt;
  SamplingOptions sampling;
  std::int32_t output_tokens_max = 0;  ///< 0: as many as the context has room for.
  bool ignores_end_tokens = false;     ///< Then only output_tokens_max ends it.
  std::int32_t priority = 0;           ///< Lower is served sooner.
  std::string cache_salt;              ///< Prompts of different salts share no blocks.
};

enum class FinishReason {
  kNone,    ///< Goes on.
  kStop,    ///< The model ended it; the end token is the event's token.
  kLength,  ///< output_tokens_max, or the context is full.
  kError,   ///< The device failed.
};

/// One output token of one request, or its end without one (kError).
struct OutputEvent {
  RequestId request = 0;
  std::int32_t output_index = 0;  ///< From 0.
  bool has_token = true;
  SampledToken token;
  FinishReason finish = FinishReason::kNone;
};

/// A request that got its first share of a step.
struct AdmittedEvent {
  RequestId request = 0;
  std::int32_t cached_tokens = 0;  ///< Of its prompt, found in the prefix cache.
};

/// What one step brought about.
struct StepResult {
  std::vector<AdmittedEvent> admitted;
  std::vector<OutputEvent> outputs;
  std::string error;  ///< Why the step failed, and each of its outputs with it; empty: it did not.
  std::int32_t prefill_tokens = 0;
  std::int32_t decode_tokens = 0;
  Duration device_time{};
  bool has_kv_events = false;  ///< The KV event log has a new batch.

  /// Empties it for the next step; keeps its memory.
  void clear();
};

}  // namespace ringmaster::engine
