#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/engine.h"
#include "engine/executor.h"

// Steps and requests for the tests of a device that computes a tiny model.

namespace ringmaster::engine {

inline constexpr std::int32_t kBlockTokens = 16;

/// Adds tokens [begin, end) of a prompt as a sequence whose blocks count down from `last_block`.
inline void add_part(StepInput& step, const std::vector<TokenId>& prompt, std::int32_t begin,
                     std::int32_t end, BlockId last_block) {
  const std::int32_t blocks = (end + kBlockTokens - 1) / kBlockTokens;
  StepSequence part{.slot = static_cast<std::int32_t>(step.sequences.size()),
                    .query_start = static_cast<std::int32_t>(step.tokens.size()),
                    .query_tokens = end - begin,
                    .context_tokens = end,
                    .block_table_start = static_cast<std::int32_t>(step.block_tables.size()),
                    .block_count = blocks,
                    .sample_row = static_cast<std::int32_t>(step.sampling.size())};
  for (std::int32_t i = 0; i < blocks; ++i) step.block_tables.push_back(last_block - i);
  for (std::int32_t p = begin; p < end; ++p) {
    step.tokens.push_back(prompt[static_cast<std::size_t>(p)]);
    step.positions.push_back(p);
  }
  step.decode_sequences += part.query_tokens == 1 ? 1 : 0;
  step.sequences.push_back(part);
  step.sampling.push_back({.options = {.temperature = 0.0F}});
}

inline std::vector<TokenId> prompt_of(std::int32_t length, std::int32_t seed) {
  std::vector<TokenId> prompt;
  for (std::int32_t i = 0; i < length; ++i) prompt.push_back((i * 37 + seed * 101) % 500);
  return prompt;
}

/// A chunk; the rest of its prompt beside another one; both decode.
inline std::vector<StepInput> three_steps() {
  const auto first = prompt_of(61, 1);
  const auto second = prompt_of(18, 2);
  std::vector<StepInput> steps(3);
  add_part(steps[0], first, 0, 37, 40);
  add_part(steps[1], first, 37, 60, 40);
  add_part(steps[1], second, 0, 17, 20);
  add_part(steps[2], first, 60, 61, 40);
  add_part(steps[2], second, 17, 18, 20);
  return steps;
}

/// The root of the squared differences over that of the squares of `want`.
inline double relative_error(const std::vector<float>& got, const std::vector<float>& want) {
  EXPECT_EQ(got.size(), want.size());
  double squares = 0.0;
  double differences = 0.0;
  for (std::size_t i = 0; i < want.size(); ++i) {
    const double difference = static_cast<double>(got[i]) - want[i];
    squares += static_cast<double>(want[i]) * want[i];
    differences += difference * difference;
  }
  return std::sqrt(differences / squares);
}

/// Outputs by request, of requests that arrive together.
inline std::map<RequestId, std::vector<TokenId>> run_all(
    Executor& executor, const std::vector<GenerateRequest>& requests,
    StepSchedulerOptions scheduler = {}, bool goes_ahead = true) {
  scheduler.sequences_max = std::min(scheduler.sequences_max, 8);
  scheduler.step_tokens_max = std::min(scheduler.step_tokens_max, 64);
  Engine engine(executor, {.scheduler = scheduler});
  for (const GenerateRequest& request : requests) EXPECT_TRUE(engine.submit(request));
  std::map<RequestId, std::vector<TokenId>> outputs;
  StepResult result;
  while (engine.has_work()) {
    if (engine.steps_in_flight() == 0) engine.begin_step();
    if (goes_ahead) engine.begin_step_ahead();
    engine.end_step(result);
    for (const OutputEvent& event : result.outputs) {
      EXPECT_TRUE(event.has_token) << result.error;
      outputs[event.request].push_back(event.token.token);
    }
  }
  EXPECT_EQ(engine.stats().held_blocks, 0);
  return outputs;
}

inline GenerateRequest request_of(std::int32_t length, std::int32_t seed) {
  GenerateRequest request;
  request.prompt = prompt_of(length, seed);
  request.output_tokens_max = 6;
  request.ignores_end_tokens = true;
  request.sampling = {
      .temperature = 0.8F, .top_p = 0.95F, .seed = static_cast<std::uint64_t>(seed)};
  return request;
}

/// What requests that arrive together fail with on a device that fails them all and is lost then.
inline std::vector<std::string> errors_of(Executor& executor,
                                          const std::vector<GenerateRequest>& requests) {
  Engine engine(executor, {.scheduler = {.step_tokens_max = 64, .sequences_max = 8}});
  for (const GenerateRequest& request : requests) EXPECT_TRUE(engine.submit(request));
  std::vector<std::string> errors;
  StepResult result;
  for (int i = 0; i < 10 && engine.has_work(); ++i) {
    EXPECT_FALSE(executor.is_lost());
    engine.begin_step();
    engine.end_step(result);
    for (const OutputEvent& event : result.outputs) {
      if (event.finish == FinishReason::kError) errors.push_back(result.error);
    }
  }
  EXPECT_TRUE(executor.is_lost());
  EXPECT_FALSE(engine.has_work());
  EXPECT_EQ(engine.stats().held_blocks, 0);
  return errors;
}

/// Log-probabilities of the outputs, by request; as exact as a client can see.
inline std::map<RequestId, std::vector<float>> logprobs_of(Executor& executor,
                                                           std::vector<GenerateRequest> requests,
                                                           StepSchedulerOptions scheduler,
                                                           std::int32_t step_tokens_max = 64) {
  for (GenerateRequest& request : requests) request.sampling.logprobs = 1;
  scheduler.sequences_max = 8;
  scheduler.step_tokens_max = step_tokens_max;
  Engine engine(executor, {.scheduler = scheduler});
  for (const GenerateRequest& request : requests) EXPECT_TRUE(engine.submit(request));
  std::map<RequestId, std::vector<float>> logprobs;
  StepResult result;
  while (engine.has_work()) {
    engine.begin_step();
    engine.end_step(result);
    for (const OutputEvent& event : result.outputs) {
      logprobs[event.request].push_back(event.token.logprob);
    }
  }
  return logprobs;
}

/// Serves the requests one after the other, twice, on one engine; the outputs in that order.
inline std::vector<std::vector<TokenId>> run_twice(Executor& executor, EngineStats& stats) {
  Engine engine(executor, {.scheduler = {.step_tokens_max = 64, .sequences_max = 8}});
  std::vector<std::vector<TokenId>> outputs;
  StepResult result;
  for (int i = 0; i < 6; ++i) {
    EXPECT_TRUE(engine.submit(request_of(45 + i % 3 * 15, i % 3)));
    outputs.emplace_back();
    while (engine.has_work()) {
      if (engine.steps_in_flight() == 0) engine.begin_step();
      engine.begin_step_ahead();
      engine.end_step(result);
      for (const OutputEvent& event : result.outputs) outputs.back().push_back(event.token.token);
    }
  }
  stats = engine.stats();
  return outputs;
}

}  // namespace ringmaster::engine
