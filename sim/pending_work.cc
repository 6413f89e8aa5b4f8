#include "sim/pending_work.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace ringmaster::sim {

void PendingWork::add(std::uint32_t instance, std::uint32_t tokens) {
  std::uint64_t& held = tokens_[instance];
  sum_of_squares_ += (Wide{2} * held + tokens) * tokens;
  sum_ += tokens;
  held += tokens;
}

void PendingWork::remove(std::uint32_t instance, std::uint32_t tokens) {
  std::uint64_t& held = tokens_[instance];
  RINGMASTER_CHECK(held >= tokens);
  held -= tokens;
  sum_ -= tokens;
  sum_of_squares_ -= (Wide{2} * held + tokens) * tokens;
}

double PendingWork::coefficient_of_variation() const {
  if (sum_ == 0 || present_ == 0) return 0.0;
  const auto mean = static_cast<double>(sum_) / present_;
  const auto mean_square = static_cast<double>(sum_of_squares_) / present_;
  return std::sqrt(std::max(0.0, mean_square - mean * mean)) / mean;
}

}  // namespace ringmaster::sim
