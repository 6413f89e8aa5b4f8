#include "sim/serial_model.h"

#include "base/check.h"
#include "fleet/fleet_state.h"

namespace ringmaster::sim {

SerialModel::SerialModel(const InstanceProfile& profile, const Workload& workload)
    : workload_(workload),
      seconds_per_token_(profile.prefill_seconds_per_token),
      cache_(profile, workload) {}

bool SerialModel::submit(std::uint32_t request) {
  waiting_.push_back(request);
  return true;
}

std::optional<Duration> SerialModel::start_step() {
  if (running_ || waiting_.empty()) return std::nullopt;
  const std::uint32_t index = waiting_.front();
  waiting_.pop_front();
  running_ = {.request = index, .cached_tokens = cache_.cached_tokens_of(index)};
  const std::uint32_t prompt_tokens = workload_.requests()[index].prompt_tokens;
  return from_seconds(seconds_per_token_ * uncached_tokens(prompt_tokens, running_->cached_tokens));
}

void SerialModel::end_step(StepResult& result) {
  RINGMASTER_CHECK(running_.has_value());
  cache_.end_prefill(*running_, result);
  result.finished.push_back(running_->request);
  running_.reset();
}

InstanceReport SerialModel::report() const {
  std::uint64_t queued = 0;
  if (running_) {
    const std::uint32_t prompt_tokens = workload_.requests()[running_->request].prompt_tokens;
    queued += uncached_tokens(prompt_tokens, running_->cached_tokens);
  }
  for (const std::uint32_t request : waiting_) queued += cache_.uncached_tokens_of(request);
  return {.running_requests = running_ ? 1U : 0U,
          .waiting_requests = static_cast<std::uint32_t>(waiting_.size()),
          .queued_prefill_tokens = queued};
}

}  // namespace ringmaster::sim
