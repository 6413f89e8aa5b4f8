#include "sim/engine_model.h"

#include <algorithm>

#include "base/check.h"
#include "engine/simulated/step_time.h"

namespace ringmaster::sim {
namespace {

constexpr std::uint64_t kPoolBlocksMax = 1U << 30U;

std::int32_t pool_blocks(const InstanceProfile& profile, const Workload& workload) {
  const std::uint64_t blocks = profile.device_kv_tokens / workload.block_tokens();
  return static_cast<std::int32_t>(std::clamp<std::uint64_t>(blocks, 1, kPoolBlocksMax));
}

std::size_t longest_chain(const Workload& workload) {
  std::size_t blocks = 0;
  for (const WorkloadRequest& request : workload.requests()) {
    blocks = std::max(blocks, request.block_count);
  }
  return blocks;
}

}  // namespace

EngineModel::EngineModel(const InstanceProfile& profile, const Workload& workload)
    : workload_(workload),
      profile_(profile),
      kv_events_(1, 1),
      pool_(pool_blocks(profile, workload), static_cast<std::int32_t>(workload.block_tokens()),
            kv_events_),
      scheduler_({}, pool_),
      shared_tokens_(longest_chain(workload) * workload.block_tokens()) {}

bool EngineModel::submit(std::uint32_t request) {
  const WorkloadRequest& wanted = workload_.requests()[request];
  const std::uint64_t room = std::min<std::uint64_t>(
      profile_.context_tokens_max, static_cast<std::uint64_t>(pool_.block_count()) *
                                       static_cast<std::uint64_t>(pool_.block_tokens()));
  if (std::uint64_t{wanted.prompt_tokens} + wanted.output_tokens > room) return false;
  Served& served = served_[++last_id_];
  served.request = request;
  engine::Sequence& sequence = served.sequence;
  sequence.id = last_id_;
  sequence.prompt_tokens = static_cast<std::int32_t>(wanted.prompt_tokens);
  sequence.output_tokens_max = static_cast<std::int32_t>(wanted.output_tokens);
  // The workload has hashes, not tokens. Whatever it names by a hash gets equal tokens; all other
  // tokens belong to this request alone, so that nobody else finds their blocks.
  const auto chain = workload_.chain_of(wanted);
  sequence.tokens.reserve(wanted.prompt_tokens + wanted.output_tokens);
  sequence.tokens.assign(chain.size() * workload_.block_tokens(), 0);
  sequence.chain.reserve((wanted.prompt_tokens + wanted.output_tokens) / workload_.block_tokens());
  sequence.chain.assign(chain.begin(), chain.end());
  const auto own_token = static_cast<TokenId>(request + 1);
  while (sequence.tokens.size() < wanted.prompt_tokens) {
    sequence.append(own_token, pool_.block_tokens());
  }
  scheduler_.add(sequence);
  return true;
}

std::optional<Duration> EngineModel::start_step() {
  if (is_running_ || served_.empty()) return std::nullopt;
  is_running_ = true;
  scheduler_.schedule(plan_);
  engine::StepLoad load;
  for (const auto& [sequence, query_tokens] : plan_.sequences) {
    load.add(query_tokens, sequence->computed_tokens + query_tokens);
  }
  return step_time(profile_, load);
}

void EngineModel::end_step(StepResult& result) {
  RINGMASTER_CHECK(is_running_);
  is_running_ = false;
  for (const auto& [sequence, query_tokens] : plan_.sequences) {
    collect(*sequence, query_tokens, result);
  }
  if (!kv_events_.commit()) return;
  for (const engine::KvEvent& event : kv_events_.last().events) {
    const bool is_stored = event.type == engine::KvEvent::Type::kStored;
    auto& changed = is_stored ? result.blocks.stored : result.blocks.removed;
    changed.insert(changed.end(), event.blocks.begin(), event.blocks.end());
  }
}

void EngineModel::collect(engine::Sequence& sequence, std::int32_t query_tokens,
                          StepResult& result) {
  scheduler_.retire(sequence, query_tokens);
  if (sequence.uncomputed_tokens() > 0) return;  // More chunks of its prompt to come.
  const bool is_first = sequence.output_tokens() == 0;
  const bool is_last = sequence.output_tokens() + 1 == sequence.output_tokens_max;
  if (!is_first && !is_last) {  // By far most steps: the last output is a token of its own already.
    sequence.append(sequence.tokens.back(), pool_.block_tokens());
    return;
  }
  const auto served = served_.find(sequence.id);
  const std::uint32_t request = served->second.request;
  sequence.append(static_cast<TokenId>(request + 1), pool_.block_tokens());
  if (is_first) {
    result.prefilled.push_back(
        {.request = request, .cached_tokens = static_cast<std::uint32_t>(sequence.cached_tokens)});
  }
  if (!is_last) return;
  result.finished.push_back(request);
  scheduler_.remove(sequence);
  served_.erase(served);
}

std::uint32_t EngineModel::cached_blocks(std::span<const BlockHash> chain) const {
  return static_cast<std::uint32_t>(
      pool_.cached_blocks(chain, shared_tokens_, static_cast<std::int32_t>(chain.size())));
}

InstanceReport EngineModel::report() const {
  const std::int32_t held = pool_.block_count() - pool_.free_count();
  return {.running_requests = static_cast<std::uint32_t>(scheduler_.running_count()),
          .waiting_requests = static_cast<std::uint32_t>(scheduler_.waiting_count()),
          .queued_prefill_tokens = static_cast<std::uint64_t>(scheduler_.queued_prefill_tokens()),
          .kv_usage = static_cast<double>(held) / static_cast<double>(pool_.block_count())};
}

}  // namespace ringmaster::sim
