#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "engine/philox.h"

namespace ringmaster::engine {
namespace {

constexpr std::size_t kFirstRanked = 64;

/// The first of the highest.
TokenId best_token(std::span<const float> logits) {
  return static_cast<TokenId>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace

SampledToken Sampler::sample(std::span<const float> logits, const SamplingOptions& options,
                             std::int32_t output_index) {
  RINGMASTER_CHECK(!logits.empty() && options.temperature >= 0.0F);
  SampledToken sampled;
  if (options.temperature == 0.0F || options.top_k == 1) {
    sampled.token = best_token(logits);
  } else {
    filter(logits, options);
    sampled.token = draw(philox_unit(options.seed, static_cast<std::uint64_t>(output_index)));
  }
  if (options.logprobs >= 0)
    add_logprobs(logits, std::min(options.logprobs, kLogprobsMax), sampled);
  return sampled;
}

std::vector<double> Sampler::distribution(std::span<const float> logits,
                                          const SamplingOptions& options) {
  RINGMASTER_CHECK(!logits.empty() && options.temperature >= 0.0F);
  std::vector<double> probabilities(logits.size(), 0.0);
  if (options.temperature == 0.0F) {
    probabilities[static_cast<std::size_t>(best_token(logits))] = 1.0;
    return probabilities;
  }
  filter(logits, options);
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  for (const Candidate& candidate : candidates_) {
    probabilities[static_cast<std::size_t>(candidate.token)] = candidate.weight / total;
  }
  return probabilities;
}

void Sampler::filter(std::span<const float> logits, const SamplingOptions& options) {
  const double highest = logits[static_cast<std::size_t>(best_token(logits))];
  candidates_.clear();
  ranked_ = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double distance = (static_cast<double>(logits[i]) - highest) / options.temperature;
    candidates_.push_back({static_cast<TokenId>(i), logits[i], std::exp(distance)});
  }
  if (options.top_k > 0) keep_top_k(static_cast<std::size_t>(options.top_k));
  if (options.top_p < 1.0F) keep_top_p(options.top_p);
  const double weight_min = std::min<double>(options.min_p, 1.0);  // The highest always stays.
  std::erase_if(candidates_, [&](const Candidate& c) { return c.weight < weight_min; });
  if (ranked_ == 0) return;  // Still in ascending token order.
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
}

void Sampler::keep_top_k(std::size_t count) {
  if (count >= candidates_.size()) return;
  rank(count);
  candidates_.resize(count);
}

void Sampler::keep_top_p(double share) {
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  double reached = 0.0;
  std::size_t kept = 0;
  while (kept < candidates_.size() && (kept == 0 || reached < share * total)) {
    // Mostly few tokens hold nearly all the weight, so no more are ranked than needed.
    if (kept == ranked_) rank(std::min(candidates_.size(), std::max(kFirstRanked, ranked_ * 4)));
    reached += candidates_[kept++].weight;
  }
  candidates_.resize(kept);
}

void Sampler::rank(std::size_t count) {
  const auto first = candidates_.begin();
  // By logit, not by weight: far below the highest, different logits round to the same weight.
  std::partial_sort(first + static_cast<std::ptrdiff_t>(ranked_),
                    first + static_cast<std::ptrdiff_t>(count), candidates_.end(),
                    [](const Candidate& a, const Candidate& b) {
                      return a.logit > b.logit || (a.logit == b.logit && a.token < b.token);
                    });
  ranked_ = count;
}

TokenId Sampler::draw(double unit) const {
  double total = 0.0;
  for (const Candidate& candidate : candidates_) total += candidate.weight;
  double reached = 0.0;
  for (const Candidate& candidate : candidates_) {
    reached += candidate.weight;
    if (unit * total < reached) return candidate.token;
  }
  return candidates_.back().token;
}

void Sampler::add_logprobs(std::span<const float> logits, std::int32_t best,
                           SampledToken& sampled) {
  const double highest = logits[static_cast<std::size_t>(best_token(logits))];
  double total = 0.0;
  for (const float logit : logits) total += std::exp(logit - highest);
  const double normaliser = highest + std::log(total);
  const auto logprob = [&](TokenId token) {
    return static_cast<float>(logits[static_cast<std::size_t>(token)] - normaliser);
  };
  sampled.logprob = logprob(sampled.token);
  if (best == 0) return;
  ranking_.resize(logits.size());
  std::iota(ranking_.begin(), ranking_.end(), 0);
  const auto count = std::min<std::size_t>(static_cast<std::size_t>(best), logits.size());
  std::partial_sort(ranking_.begin(), ranking_.begin() + static_cast<std::ptrdiff_t>(count),
                    ranking_.end(), [&](TokenId a, TokenId b) {
                      const float left = logits[static_cast<std::size_t>(a)];
                      const float right = logits[static_cast<std::size_t>(b)];
                      return left > right || (left == right && a < b);
                    });
  for (std::size_t i = 0; i < count; ++i)
    sampled.best.push_back({ranking_[i], logprob(ranking_[i])});
}

}  // namespace ringmaster::engine
