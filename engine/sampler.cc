#include "engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/check.h"
#include "engine/philox.h"

namespace ringmaster::engine {
namespace {

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
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double distance = (static_cast<double>(logits[i]) - highest) / options.temperature;
    candidates_.push_back({static_cast<TokenId>(i), std::exp(distance)});
  }
  // By logit, not by weight: far below the highest, different logits round to the same weight.
  const auto ranks_before = [&](const Candidate& a, const Candidate& b) {
    const float left = logits[static_cast<std::size_t>(a.token)];
    const float right = logits[static_cast<std::size_t>(b.token)];
    return left > right || (left == right && a.token < b.token);
  };
  if (options.top_k > 0 && static_cast<std::size_t>(options.top_k) < candidates_.size()) {
    std::nth_element(candidates_.begin(), candidates_.begin() + options.top_k, candidates_.end(),
                     ranks_before);
    candidates_.resize(static_cast<std::size_t>(options.top_k));
  }
  if (options.top_p < 1.0F) {
    std::sort(candidates_.begin(), candidates_.end(), ranks_before);
    double total = 0.0;
    for (const Candidate& candidate : candidates_) total += candidate.weight;
    std::size_t kept = 0;
    for (double reached = 0.0; kept < candidates_.size() && reached < options.top_p * total;
         ++kept) {
      reached += candidates_[kept].weight;
    }
    candidates_.resize(std::max<std::size_t>(kept, 1));
  }
  const double weight_min = std::min<double>(options.min_p, 1.0);  // The highest always stays.
  std::erase_if(candidates_, [&](const Candidate& c) { return c.weight < weight_min; });
  if (options.top_k == 0 && options.top_p >= 1.0F) return;  // Still in ascending token order.
  std::sort(candidates_.begin(), candidates_.end(),
            [](const Candidate& a, const Candidate& b) { return a.token < b.token; });
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
