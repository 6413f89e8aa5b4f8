#pragma once

#include <deque>

#include "sim/instance_model.h"
#include "sim/prompt_cache.h"

namespace ringmaster::sim {

/// The estimator of the DualMap paper: one prefill at a time, first come first served, no decode.
///
/// Service time = tau * max(1, prompt - cached), where cached is the longest cached prefix, in full
/// blocks, when the prefill starts. The blocks enter the cache when it ends; that is the first
/// token and the end of the request.
class SerialModel final : public InstanceModel {
 public:
  SerialModel(const InstanceProfile& profile, const Workload& workload);

  [[nodiscard]] bool submit(std::uint32_t request) override;
  [[nodiscard]] std::optional<Duration> start_step() override;
  void end_step(StepResult& result) override;
  [[nodiscard]] std::uint32_t cached_blocks(std::span<const BlockHash> chain) const override {
    return cache_.cached_blocks(chain);
  }
  [[nodiscard]] InstanceReport report() const override;

 private:
  const Workload& workload_;
  double seconds_per_token_;
  PromptCache cache_;
  std::deque<std::uint32_t> waiting_;
  std::optional<PrefillEnd> running_;
};

}  // namespace ringmaster::sim
