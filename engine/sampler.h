#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/executor.h"

namespace ringmaster::engine {

/// Chooses output tokens from logits: the reference that every device must agree with.
///
/// Filters: divide by the temperature; keep the top_k highest; of these the shortest descending
/// run whose probabilities reach top_p; of these all with at least min_p times the highest
/// probability. Equal logits rank by ascending token. The draw is an inverse CDF in ascending
/// token order with philox_unit(seed, output_index): batch, slot and preemption cannot change it.
/// Temperature 0 takes the highest logit. Log-probabilities are the log-softmax of the raw logits,
/// before temperature and filters.
///
/// Keeps its working memory between calls; one per thread. O(vocabulary), and O(k log k) of the
/// candidates where top_p sorts them.
class Sampler {
 public:
  /// Requires: `logits` is not empty and finite; temperature >= 0.
  [[nodiscard]] SampledToken sample(std::span<const float> logits, const SamplingOptions& options,
                                    std::int32_t output_index);

  /// The exact distribution that sample() draws from, by token; zero where filtered out.
  [[nodiscard]] std::vector<double> distribution(std::span<const float> logits,
                                                 const SamplingOptions& options);

 private:
  struct Candidate {
    TokenId token;
    double weight;  ///< exp((logit - highest) / temperature): in proportion to the probability.
  };

  void filter(std::span<const float> logits, const SamplingOptions& options);
  [[nodiscard]] TokenId draw(double unit) const;
  void add_logprobs(std::span<const float> logits, std::int32_t best, SampledToken& sampled);

  std::vector<Candidate> candidates_;  ///< What filter() kept, in ascending token order.
  std::vector<TokenId> ranking_;
};

/// Largest count that SamplingOptions::logprobs may ask for.
inline constexpr std::int32_t kLogprobsMax = 20;

}  // namespace ringmaster::engine
