#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "tokens/token.h"

namespace ringmaster::engine {

/// Index of a KV block; also its row in the KV cache tensors.
using BlockId = std::int32_t;

/// What the engine must know of a loaded model.
struct ModelInfo {
  std::string name;
  std::int32_t vocabulary_size = 0;
  std::int32_t context_tokens_max = 0;  ///< Prompt and output together.
  std::vector<TokenId> end_tokens;      ///< Any of them ends an output.
};

/// How one output token is chosen. Filters apply in this order: temperature, top-k, top-p, min-p.
struct SamplingOptions {
  float temperature = 1.0F;  ///< 0: greedy.
  std::int32_t top_k = 0;    ///< 0: off.
  float top_p = 1.0F;
  float min_p = 0.0F;
  std::uint64_t seed = 0;      ///< With the output index it fixes the draw, whatever the batch.
  std::int32_t logprobs = -1;  ///< -1: none; else the chosen one and this many best, at most 20.
};

/// One sequence's part in a step.
struct StepSequence {
  std::int32_t slot = 0;               ///< Stable while the sequence runs; for device-side state.
  std::int32_t query_start = 0;        ///< Its first token in StepInput::tokens.
  std::int32_t query_tokens = 0;       ///< 1 for decode; a chunk for prefill.
  std::int32_t context_tokens = 0;     ///< Tokens in the KV cache after this step.
  std::int32_t block_table_start = 0;  ///< In StepInput::block_tables.
  std::int32_t block_count = 0;
  std::int32_t sample_row = -1;  ///< In StepInput::sampling; -1: nothing is sampled this step.
};

struct SampleRow {
  SamplingOptions options;
  std::int32_t output_index = 0;  ///< Of the token to be drawn: 0 for the first.
};

/// One step, as flat arrays that the engine owns and re-uses. Sequences that decode come first.
struct StepInput {
  std::vector<StepSequence> sequences;
  std::vector<TokenId> tokens;          ///< [sum of query_tokens]
  std::vector<std::int32_t> positions;  ///< Same shape; position in its sequence, from 0.
  std::vector<BlockId> block_tables;    ///< Each sequence's blocks, in order.
  std::vector<SampleRow> sampling;
  std::int32_t decode_sequences = 0;

  void clear();
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

/// A device that runs steps of one model: cpu, sim, later cuda.
///
/// Submission and waiting are two calls so that a device can compute while the host prepares the
/// next step; cpu and sim may do all the work in wait(). Not thread-safe: the engine thread only.
class Executor {
 public:
  virtual ~Executor() = default;

  [[nodiscard]] virtual const ModelInfo& model() const = 0;
  [[nodiscard]] virtual std::int32_t block_tokens() const = 0;
  [[nodiscard]] virtual std::int32_t block_count() const = 0;

  /// Requires: no step is in flight. `input` stays valid and unchanged until wait() returns.
  virtual void submit(const StepInput& input) = 0;

  /// Waits for the step in flight. Fails with kInternal if the device failed; the engine then
  /// fails every sequence of the step.
  [[nodiscard]] virtual Status wait(StepOutput& output) = 0;
};

}  // namespace ringmaster::engine
