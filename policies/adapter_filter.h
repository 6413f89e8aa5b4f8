#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "policies/adapter_residency.h"
#include "policies/candidate_filter.h"
#include "policies/option_reader.h"

namespace ringmaster {

/// Keeps the instances that have the request's LoRA adapter loaded; where nobody has, those with a
/// free slot. Requests for the model itself pass anywhere. What was sent where is all it knows.
/// O(n * slots). Options: slots in [1, 1024] (8): adapters that an instance holds at a time.
/// Source: the LoRA affinity scorer of llm-d (loaded 1.0, free slot 0.8), as a filter.
class AdapterFilter final : public CandidateFilter, private RequestObserver {
 public:
  explicit AdapterFilter(std::size_t slots) : adapters_(slots) {}

  [[nodiscard]] std::string_view name() const override { return "adapter"; }
  void narrow(const RoutingQuery& query, const FleetState& fleet,
              std::vector<InstanceId>& kept) override;
  [[nodiscard]] RequestObserver* observer() override { return this; }

 private:
  void dispatched(const ObservedRequest& seen) override {
    adapters_.used(seen.instance, seen.request.adapter);
  }
  void instance_left(InstanceId instance) override { adapters_.forget(instance); }

  AdapterResidency adapters_;
};

/// Option `slots`.
[[nodiscard]] std::size_t read_adapter_slots(OptionReader& options);

[[nodiscard]] std::unique_ptr<CandidateFilter> make_adapter_filter(OptionReader& options,
                                                                   std::uint64_t seed);

}  // namespace ringmaster
