#include "sim/batching_model.h"

#include <algorithm>

#include "base/check.h"
#include "fleet/fleet_state.h"

namespace ringmaster::sim {

BatchingModel::BatchingModel(const InstanceProfile& profile, const Workload& workload)
    : workload_(workload), profile_(profile), cache_(profile, workload) {}

bool BatchingModel::ends_later(const Decode& a, const Decode& b) {
  return a.last_step != b.last_step ? a.last_step > b.last_step : a.request > b.request;
}

std::uint64_t BatchingModel::kv_need(std::uint32_t request) const {
  const WorkloadRequest& r = workload_.requests()[request];
  return std::uint64_t{r.prompt_tokens} + r.output_tokens;
}

bool BatchingModel::submit(std::uint32_t request) {
  if (kv_need(request) > profile_.device_kv_tokens) return false;
  waiting_.push_back(request);
  return true;
}

void BatchingModel::admit() {
  while (!waiting_.empty() && prefilling_.size() + decoding_.size() < kStepSequencesMax) {
    const std::uint32_t request = waiting_.front();
    if (reserved_kv_tokens_ + kv_need(request) > profile_.device_kv_tokens) return;
    reserved_kv_tokens_ += kv_need(request);
    prefilling_.push_back({.end = {.request = request}});
    waiting_.pop_front();
  }
}

void BatchingModel::prefill_chunks(std::uint32_t tokens_max, engine::StepLoad& load) {
  std::uint32_t tokens = 0;
  prefills_done_ = 0;
  for (Prefill& prefill : prefilling_) {
    if (tokens == tokens_max) break;
    const WorkloadRequest& request = workload_.requests()[prefill.end.request];
    if (!prefill.is_started) {
      prefill.end.cached_tokens = cache_.cached_tokens_of(prefill.end.request);
      prefill.tokens_left = uncached_tokens(request.prompt_tokens, prefill.end.cached_tokens);
      prefill.is_started = true;
    }
    const std::uint32_t chunk = std::min(prefill.tokens_left, tokens_max - tokens);
    prefill.tokens_left -= chunk;
    load.attention_pairs += chunk * (request.prompt_tokens - prefill.tokens_left - chunk / 2.0);
    tokens += chunk;
    if (prefill.tokens_left == 0) ++prefills_done_;
  }
  load.prefill_tokens = tokens;
}

std::optional<Duration> BatchingModel::start_step() {
  if (is_running_) return std::nullopt;
  admit();
  if (prefilling_.empty() && decoding_.empty()) return std::nullopt;
  is_running_ = true;
  ++step_;
  const auto decodes = static_cast<std::uint32_t>(decoding_.size());
  engine::StepLoad load{.decoding_sequences = static_cast<double>(decodes),
                        .kv_tokens = static_cast<double>(decoding_kv_tokens_)};
  prefill_chunks(kStepTokensMax - decodes, load);
  return step_time(profile_, load);
}

void BatchingModel::finish(std::uint32_t request, StepResult& result) {
  reserved_kv_tokens_ -= kv_need(request);
  result.finished.push_back(request);
}

void BatchingModel::end_step(StepResult& result) {
  RINGMASTER_CHECK(is_running_);
  is_running_ = false;
  decoding_kv_tokens_ += decoding_.size();  // One more token each.
  while (!decoding_.empty() && decoding_.front().last_step == step_) {
    std::ranges::pop_heap(decoding_, ends_later);
    const std::uint32_t request = decoding_.back().request;
    decoding_.pop_back();
    decoding_kv_tokens_ -= kv_need(request);
    finish(request, result);
  }
  for (; prefills_done_ > 0; --prefills_done_) {
    const PrefillEnd end = prefilling_.front().end;
    prefilling_.pop_front();
    const WorkloadRequest& request = workload_.requests()[end.request];
    cache_.end_prefill(end, result);
    if (request.output_tokens == 1) {
      finish(end.request, result);
      continue;
    }
    decoding_.push_back({.last_step = step_ + request.output_tokens - 1, .request = end.request});
    std::ranges::push_heap(decoding_, ends_later);
    decoding_kv_tokens_ += request.prompt_tokens + std::uint64_t{1};
  }
}

std::uint64_t BatchingModel::queued_prefill_tokens() const {
  std::uint64_t tokens = 0;
  for (const Prefill& prefill : prefilling_) {
    tokens +=
        prefill.is_started ? prefill.tokens_left : cache_.uncached_tokens_of(prefill.end.request);
  }
  for (const std::uint32_t request : waiting_) tokens += cache_.uncached_tokens_of(request);
  return tokens;
}

InstanceReport BatchingModel::report() const {
  return {.running_requests = static_cast<std::uint32_t>(prefilling_.size() + decoding_.size()),
          .waiting_requests = static_cast<std::uint32_t>(waiting_.size()),
          .queued_prefill_tokens = queued_prefill_tokens(),
          .kv_usage = static_cast<double>(reserved_kv_tokens_) /
                      static_cast<double>(profile_.device_kv_tokens)};
}

}  // namespace ringmaster::sim
