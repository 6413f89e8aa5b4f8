#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "fleet/instance.h"

namespace ringmaster {

/// Picks the candidate with the smallest score. Among equal ones the picks go around, so that ties
/// (an idle fleet) spread over it instead of piling on the lowest index.
class RotatingMinimum {
 public:
  /// Calls score(instance) once for each candidate, beginning anywhere. Requires: not empty.
  template <class Score>
  InstanceId pick(std::span<const InstanceId> candidates, const Score& score) {
    std::size_t i = turn_++ % candidates.size();
    InstanceId best = candidates[i];
    double best_score = std::numeric_limits<double>::infinity();
    for (std::size_t seen = 0; seen < candidates.size(); ++seen) {
      const double candidate_score = score(candidates[i]);
      if (candidate_score < best_score) {
        best = candidates[i];
        best_score = candidate_score;
      }
      i = i + 1 == candidates.size() ? 0 : i + 1;
    }
    return best;
  }

 private:
  std::uint64_t turn_ = 0;
};

}  // namespace ringmaster
