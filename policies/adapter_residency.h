#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "fleet/instance.h"

namespace ringmaster {

/// Which LoRA adapters each instance should have loaded: the ones used there last, as many as it
/// has slots for. What was sent there is all it knows. O(slots) a call.
class AdapterResidency {
 public:
  /// Requires: slots > 0.
  explicit AdapterResidency(std::size_t slots) : slots_(slots) {}

  /// The instance loads it, if it has not, over the one used longest ago.
  void used(InstanceId instance, std::uint64_t adapter);
  void forget(InstanceId instance);

  /// True of the model itself, 0.
  [[nodiscard]] bool has(InstanceId instance, std::uint64_t adapter) const;
  /// Whether another one can be loaded without taking the place of one.
  [[nodiscard]] bool has_free_slot(InstanceId instance) const;

 private:
  std::size_t slots_;
  std::vector<std::vector<std::uint64_t>> loaded_;  ///< By instance; the one used last is last.
};

}  // namespace ringmaster
