#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "fleet/instance.h"

namespace ringmaster {

/// Picks the candidate with the smallest score. Among equal ones the picks go around, so that ties
/// (an idle fleet) spread over it instead of piling on the lowest index.
class RotatingMinimum {
 public:
  /// Calls score(instance) once for each candidate, beginning anywhere. A score is a number, or a
  /// pair or tuple of them, of which the later ones settle ties. Requires: not empty.
  template <class Score>
  InstanceId pick(std::span<const InstanceId> candidates, const Score& score) {
    std::size_t i = turn_++ % candidates.size();
    InstanceId best = candidates[i];
    auto best_score = score(best);
    for (std::size_t seen = 1; seen < candidates.size(); ++seen) {
      i = i + 1 == candidates.size() ? 0 : i + 1;
      const auto candidate_score = score(candidates[i]);
      if (candidate_score < best_score) {
        best = candidates[i];
        best_score = candidate_score;
      }
    }
    return best;
  }

 private:
  std::uint64_t turn_ = 0;
};

}  // namespace ringmaster
