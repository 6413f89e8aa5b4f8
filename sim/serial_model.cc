#include "sim/serial_model.h"

#include <algorithm>

#include "base/check.h"

namespace ringmaster::sim {

SerialModel::SerialModel(const InstanceProfile& profile, const Workload& workload)
    : workload_(workload),
      seconds_per_token_(profile.prefill_seconds_per_token),
      cache_(sim::cache_blocks(profile, workload)) {}

bool SerialModel::submit(std::uint32_t request) {
  queued_prefill_tokens_ += workload_.requests()[request].prompt_tokens;
  waiting_.push_back(request);
  return true;
}

std::optional<Duration> SerialModel::start_step() {
  if (running_ || waiting_.empty()) return std::nullopt;
  const std::uint32_t index = waiting_.front();
  waiting_.pop_front();
  const WorkloadRequest& request = workload_.requests()[index];
  const std::uint32_t cached_tokens =
      cache_.cached_blocks(workload_.chain_of(request)) * workload_.block_tokens();
  running_ = {.request = index, .cached_tokens = cached_tokens};
  const std::uint32_t computed_tokens = std::max(1U, request.prompt_tokens - cached_tokens);
  return from_seconds(seconds_per_token_ * computed_tokens);
}

void SerialModel::end_step(StepResult& result) {
  RINGMASTER_CHECK(running_.has_value());
  const WorkloadRequest& request = workload_.requests()[running_->request];
  result.add_prefilled(*running_, workload_.chain_of(request), cache_);
  result.finished.push_back(running_->request);
  queued_prefill_tokens_ -= request.prompt_tokens;
  running_.reset();
}

std::uint32_t SerialModel::cached_blocks(std::span<const BlockHash> chain) const {
  return cache_.cached_blocks(chain);
}

InstanceReport SerialModel::report() const {
  return {.running_requests = running_ ? 1U : 0U,
          .waiting_requests = static_cast<std::uint32_t>(waiting_.size()),
          .queued_prefill_tokens = queued_prefill_tokens_};
}

}  // namespace ringmaster::sim
