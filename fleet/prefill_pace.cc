#include "fleet/prefill_pace.h"

#include <algorithm>

namespace ringmaster {
namespace {

constexpr double kKept = 0.99;  // Of the sums at each prefill: a memory of about a hundred.
constexpr double kSecondsMax = 86'400.0;

}  // namespace

void PrefillPace::note(Duration taken, double estimated_seconds) {
  taken_seconds_ = kKept * taken_seconds_ + std::clamp(to_seconds(taken), 0.0, kSecondsMax);
  estimated_seconds_ = kKept * estimated_seconds_ + std::min(estimated_seconds, kSecondsMax);
  factor_ = std::clamp(taken_seconds_ / estimated_seconds_, kFactorMin, kFactorMax);
}

}  // namespace ringmaster
