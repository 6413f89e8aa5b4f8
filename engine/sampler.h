#pragma once

#include <cstddef>
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
/// Keeps its working memory between calls; one per thread. O(vocabulary log k), k being
/// what the filters keep.
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
    float logit;
    double weight;  ///< exp((logit - highest) / temperature): in proportion to the probability.
  };

  void filter(std::span<const float> logits, const SamplingOptions& options);
  void keep_top_k(std::size_t count);
  void keep_top_p(double share);
  void rank(std::size_t count);
  [[nodiscard]] TokenId draw(double unit) const;
  void add_logprobs(std::span<const float> logits, std::int32_t best, SampledToken& sampled);

  std::vector<Candidate> candidates_;  ///< What filter() kept, in ascending token order.
  std::size_t ranked_ = 0;  ///< So many candidates stand in front in the order of their rank.
  std::vector<TokenId> ranking_;
};

/// Largest count that SamplingOptions::logprobs may ask for.
inline constexpr std::int32_t kLogprobsMax = 20;

}  // namespace ringmaster::engine
