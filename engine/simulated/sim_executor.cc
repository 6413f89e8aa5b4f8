#include "engine/simulated/sim_executor.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "engine/simulated/step_time.h"

namespace ringmaster::engine {

SimExecutor::SimExecutor(SimExecutorOptions options, StepWaiter* waiter)
    : options_(std::move(options)), waiter_(waiter) {
  std::vector<TokenId>& drawn = options_.output_tokens;
  if (drawn.empty()) {
    drawn.resize(static_cast<std::size_t>(options_.model.vocabulary_size));
    std::iota(drawn.begin(), drawn.end(), 0);
  }
  std::erase_if(drawn, [this](TokenId token) {
    return std::ranges::count(options_.model.end_tokens, token) > 0;
  });
  RINGMASTER_CHECK(!drawn.empty());
}

void SimExecutor::submit(const StepInput& input) {
  RINGMASTER_CHECK(input_ == nullptr);
  input_ = &input;
  if (waiter_ != nullptr) waiter_->begin();
}

Status SimExecutor::wait(StepOutput& output) {
  RINGMASTER_CHECK(input_ != nullptr);
  const StepInput& input = *std::exchange(input_, nullptr);
  output.device_time = step_time(options_.profile, load_of(input));
  for (const SampleRow& row : input.sampling) output.sampled.push_back(draw(row));
  if (waiter_ != nullptr) waiter_->wait(output.device_time);
  return {};
}

SampledToken SimExecutor::draw(const SampleRow& row) const {
  const auto& tokens = options_.output_tokens;
  const auto index = static_cast<std::uint64_t>(row.output_index);
  const std::uint64_t hash = mix64(options_.seed ^ mix64(row.options.seed + 1)) + index;
  const std::size_t chosen = Random(hash).below(tokens.size());
  SampledToken sampled{.token = tokens[chosen]};
  if (row.options.logprobs < 0) return sampled;
  // All tokens are equally likely, so any of them are the best; the chosen one comes first.
  sampled.logprob = -std::log(static_cast<float>(tokens.size()));
  const auto best = std::min(static_cast<std::size_t>(row.options.logprobs), tokens.size());
  for (std::size_t i = 0; i < best; ++i) {
    sampled.best.push_back({tokens[(chosen + i) % tokens.size()], sampled.logprob});
  }
  return sampled;
}

}  // namespace ringmaster::engine
