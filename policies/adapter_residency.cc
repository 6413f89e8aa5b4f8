#include "policies/adapter_residency.h"

#include <algorithm>

namespace ringmaster {

void AdapterResidency::used(InstanceId instance, std::uint64_t adapter) {
  if (adapter == 0) return;
  if (loaded_.size() <= instance.value) loaded_.resize(instance.value + 1);
  auto& loaded = loaded_[instance.value];
  const auto found = std::ranges::find(loaded, adapter);
  if (found != loaded.end()) {
    std::rotate(found, found + 1, loaded.end());
    return;
  }
  if (loaded.size() == slots_) loaded.erase(loaded.begin());
  loaded.push_back(adapter);
}

void AdapterResidency::forget(InstanceId instance) {
  if (instance.value < loaded_.size()) loaded_[instance.value].clear();
}

bool AdapterResidency::has(InstanceId instance, std::uint64_t adapter) const {
  if (adapter == 0) return true;
  return instance.value < loaded_.size() &&
         std::ranges::count(loaded_[instance.value], adapter) > 0;
}

bool AdapterResidency::has_free_slot(InstanceId instance) const {
  return instance.value >= loaded_.size() || loaded_[instance.value].size() < slots_;
}

}  // namespace ringmaster
