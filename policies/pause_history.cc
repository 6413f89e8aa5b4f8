#include "policies/pause_history.h"

#include <algorithm>

namespace ringmaster {

void PauseHistory::add(double seconds) {
  if (ring_.size() < kPausesMax) {
    ring_.push_back(seconds);
  } else {
    sorted_.erase(std::ranges::lower_bound(sorted_, ring_[oldest_]));
    ring_[oldest_] = seconds;
    oldest_ = (oldest_ + 1) % kPausesMax;
  }
  sorted_.insert(std::ranges::upper_bound(sorted_, seconds), seconds);
}

double PauseHistory::best_seconds(double gain_seconds, double price) const {
  double best = 0.0;
  double best_value = 0.0;
  for (std::size_t i = 0; i < sorted_.size(); ++i) {
    const double share = static_cast<double>(i + 1) / static_cast<double>(sorted_.size());
    const double value = share * gain_seconds - price * sorted_[i];
    if (value <= best_value) continue;
    best_value = value;
    best = sorted_[i];
  }
  return best;
}

}  // namespace ringmaster
