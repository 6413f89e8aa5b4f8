#include "policies/pause_history.h"

#include <cstddef>

namespace ringmaster {

double PauseHistory::best_seconds(double gain_seconds, double price) const {
  const auto& sorted = pauses_.sorted();
  double best = 0.0;
  double best_value = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double share = static_cast<double>(i + 1) / static_cast<double>(sorted.size());
    const double value = share * gain_seconds - price * sorted[i];
    if (value <= best_value) continue;
    best_value = value;
    best = sorted[i];
  }
  return best;
}

}  // namespace ringmaster
