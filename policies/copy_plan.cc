#include "policies/copy_plan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace ringmaster {

void CopyPlan::rebuild(std::vector<KeyRate>& rates, std::span<const InstanceId> instances,
                       const CopyPlanOptions& options) {
  places_.clear();
  homes_.clear();
  if (instances.empty()) return;
  std::ranges::sort(rates, [](const KeyRate& a, const KeyRate& b) {
    return a.rate != b.rate ? a.rate > b.rate : a.key < b.key;
  });
  const std::size_t slots = instances.size() * options.warm_prefixes;
  const auto copies_of = [&](const KeyRate& key) {
    const double copies = std::max(1.0, std::ceil(key.rate / options.key_rate_max));
    return static_cast<std::size_t>(std::min(copies, static_cast<double>(instances.size())));
  };
  std::size_t admitted = 0;
  std::size_t copies = 0;
  while (admitted < rates.size() && copies + copies_of(rates[admitted]) <= slots) {
    copies += copies_of(rates[admitted++]);
  }
  double cold_rate = 0.0;
  for (std::size_t i = admitted; i < rates.size(); ++i) cold_rate += rates[i].rate;
  struct Loaded {
    double load;
    std::size_t position;
    auto operator<=>(const Loaded&) const = default;
  };
  std::vector<Loaded> loads;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    loads.push_back({cold_rate / static_cast<double>(instances.size()), i});
  }
  for (const KeyRate& key : std::span(rates).first(admitted)) {
    const std::size_t count = copies_of(key);
    std::ranges::partial_sort(loads, loads.begin() + static_cast<std::ptrdiff_t>(count));
    places_[key.key] = {.begin = static_cast<std::uint32_t>(homes_.size()),
                        .count = static_cast<std::uint32_t>(count)};
    for (Loaded& least : std::span(loads).first(count)) {
      homes_.push_back(instances[least.position]);
      least.load += key.rate / static_cast<double>(count);
    }
  }
}

std::span<const InstanceId> CopyPlan::homes(std::uint64_t key) const {
  const auto found = places_.find(key);
  if (found == places_.end()) return {};
  return std::span(homes_).subspan(found->second.begin, found->second.count);
}

}  // namespace ringmaster
