#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/random.h"
#include "engine/generate_request.h"
#include "engine/step_scheduler.h"

// The requests of the equality suite, and the circumstances under which they must get what each
// gets alone, in one chunk, without the prefix cache.

namespace ringmaster::engine {

inline constexpr std::size_t kEqualityRequests = 14;
/// The requests' tokens are below it.
inline constexpr std::uint64_t kEqualityVocabulary = 496;
/// Of prompt and output together, the longest request; and of a step.
inline constexpr std::int32_t kEqualityContext = 240;

inline TokenVector random_tokens(Random& random, std::size_t count) {
  TokenVector tokens;
  for (std::size_t i = 0; i < count; ++i) {
    tokens.push_back(static_cast<TokenId>(random.below(kEqualityVocabulary)));
  }
  return tokens;
}

/// Prompts of 1 to 200 tokens; every other one starts with the same 70, two are equal. Half are
/// greedy.
inline std::vector<GenerateRequest> equality_requests() {
  Random random(7);
  const TokenVector shared = random_tokens(random, 70);
  std::vector<GenerateRequest> list;
  for (const std::size_t length :
       {1U, 15U, 16U, 17U, 33U, 64U, 65U, 90U, 90U, 7U, 128U, 130U, 40U}) {
    GenerateRequest request;
    if (list.size() % 2 == 1) request.prompt = shared;
    const TokenVector own = random_tokens(random, length);
    request.prompt.insert(request.prompt.end(), own.begin(), own.end());
    request.sampling = {.temperature = list.size() % 4 < 2 ? 0.0F : 0.9F,
                        .top_k = list.size() % 3 == 0 ? 40 : 0,
                        .top_p = list.size() % 5 == 0 ? 0.9F : 1.0F,
                        .seed = list.size(),
                        .logprobs = 3};
    request.output_tokens_max = 20 + static_cast<std::int32_t>(list.size());
    request.ignores_end_tokens = true;
    list.push_back(std::move(request));
  }
  list.push_back(list[3]);
  return list;
}

struct Circumstances {
  std::string name;  ///< As the end of "holds ...".
  StepSchedulerOptions scheduler;
  std::int32_t block_tokens = 16;
  std::vector<std::int32_t> block_counts{512};  ///< One run with each.
  std::int32_t arrive_every_steps = 0;          ///< 0: all before the first step.
  std::int32_t neighbours = 0;  ///< Further requests for each, aborted after some steps.
  int rounds = 1;               ///< How often the requests come; the last round counts.
  // What must have happened in all runs together, or the case shows nothing.
  std::uint64_t cached_tokens_min = 0;
  std::uint64_t preemptions_min = 0;
};

/// Pools of different sizes run out at different steps, so sequences lose their blocks in prefill
/// and in decode, early and late.
inline std::vector<Circumstances> equality_circumstances() {
  return {
      {.name = "in a batch", .scheduler = {.uses_prefix_cache = false}},
      {.name = "when requests join a running batch",
       .scheduler = {.uses_prefix_cache = false},
       .arrive_every_steps = 3},
      {.name = "with the prefix cache", .arrive_every_steps = 4, .cached_tokens_min = 301},
      {.name = "when every prompt is cached", .rounds = 2, .cached_tokens_min = 1001},
      {.name = "in chunks of 1 token",
       .scheduler = {.prefill_chunk_tokens = 1, .uses_prefix_cache = false}},
      {.name = "in chunks of 7 tokens", .scheduler = {.prefill_chunk_tokens = 7}},
      {.name = "in chunks of 16 tokens", .scheduler = {.prefill_chunk_tokens = 16}},
      {.name = "in chunks of 64 tokens", .scheduler = {.prefill_chunk_tokens = 64}},
      {.name = "when the budget cuts chunks anywhere",
       .scheduler = {.step_tokens_max = 45},
       .arrive_every_steps = 2},
      {.name = "through preemption",
       .scheduler = {.watermark = 0.0},
       .block_tokens = 4,
       .block_counts = {60, 65, 71, 80, 97, 130},
       .arrive_every_steps = 1,
       .preemptions_min = 21},
      {.name = "through preemption without the prefix cache",
       .scheduler = {.prefill_chunk_tokens = 13, .watermark = 0.0, .uses_prefix_cache = false},
       .block_tokens = 4,
       .block_counts = {60, 64, 68, 72, 76, 84, 90, 97, 105, 120},
       .preemptions_min = 21},
      {.name = "when neighbours are aborted",
       .block_counts = {300},
       .arrive_every_steps = 2,
       .neighbours = 2},
      {.name = "with blocks of 5 tokens",
       .block_tokens = 5,
       .block_counts = {900},
       .arrive_every_steps = 2},
      {.name = "with blocks of 128 tokens",
       .block_tokens = 128,
       .block_counts = {64},
       .arrive_every_steps = 2},
  };
}

}  // namespace ringmaster::engine
