#include "sim/serial_model.h"

#include "base/check.h"
#include "fleet/fleet_state.h"

namespace ringmaster::sim {

SerialModel::SerialModel(const InstanceProfile& profile, const Workload& workload)
    : workload_(workload),
      seconds_per_token_(profile.prefill_seconds_per_token),
      cache_(sim::cache_blocks(profile, workload)) {}

bool SerialModel::submit(std::uint32_t request) {
  waiting_.push_back(request);
  return true;
}

std::optional<Duration> SerialModel::start_step() {
  if (running_ || waiting_.empty()) return std::nullopt;
  const std::uint32_t index = waiting_.front();
  waiting_.pop_front();
  running_ = {.request = index, .cached_tokens = cached_tokens_of(index)};
  const std::uint32_t prompt_tokens = workload_.requests()[index].prompt_tokens;
  return from_seconds(seconds_per_token_ * uncached_tokens(prompt_tokens, running_->cached_tokens));
}

std::uint32_t SerialModel::cached_tokens_of(std::uint32_t request) const {
  const auto chain = workload_.chain_of(workload_.requests()[request]);
  return cache_.cached_blocks(chain) * workload_.block_tokens();
}

void SerialModel::end_step(StepResult& result) {
  RINGMASTER_CHECK(running_.has_value());
  const WorkloadRequest& request = workload_.requests()[running_->request];
  result.add_prefilled(*running_, workload_.chain_of(request), cache_);
  result.finished.push_back(running_->request);
  running_.reset();
}

std::uint32_t SerialModel::cached_blocks(std::span<const BlockHash> chain) const {
  return cache_.cached_blocks(chain);
}

InstanceReport SerialModel::report() const {
  const auto prompt_tokens = [this](std::uint32_t i) {
    return workload_.requests()[i].prompt_tokens;
  };
  std::uint64_t queued = 0;
  if (running_) {
    queued += uncached_tokens(prompt_tokens(running_->request), running_->cached_tokens);
  }
  for (const std::uint32_t i : waiting_) {
    queued += uncached_tokens(prompt_tokens(i), cached_tokens_of(i));
  }
  return {.running_requests = running_ ? 1U : 0U,
          .waiting_requests = static_cast<std::uint32_t>(waiting_.size()),
          .queued_prefill_tokens = queued};
}

}  // namespace ringmaster::sim
