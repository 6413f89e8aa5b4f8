#include "sim/reuse_distance.h"

#include "base/check.h"

namespace ringmaster::sim {

std::optional<std::size_t> ReuseDistance::use(std::optional<std::size_t> last) {
  RINGMASTER_CHECK(uses_ + 1 < marks_.size());
  std::optional<std::size_t> distance;
  if (last) {
    distance = sum_to(uses_) - sum_to(*last);
    add(*last + 1, -1);
  }
  add(++uses_, 1);
  return distance;
}

void ReuseDistance::add(std::size_t place, std::int32_t change) {
  for (; place < marks_.size(); place += place & (~place + 1)) marks_[place] += change;
}

std::size_t ReuseDistance::sum_to(std::size_t place) const {
  std::int64_t sum = 0;
  for (; place > 0; place -= place & (~place + 1)) sum += marks_[place];
  return static_cast<std::size_t>(sum);
}

}  // namespace ringmaster::sim
