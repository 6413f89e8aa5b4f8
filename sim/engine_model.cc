#include "sim/engine_model.h"

#include <algorithm>

#include "base/check.h"
#include "engine/simulated/step_time.h"

namespace ringmaster::sim {
namespace {

constexpr std::uint64_t kPoolBlocksMax = 1U << 30U;
constexpr std::int32_t kSlackDivisor = 50;  // More than the step scheduler's watermark.

std::int32_t pool_blocks(const InstanceProfile& profile, const Workload& workload) {
  const std::uint64_t blocks = profile.device_kv_tokens / workload.block_tokens();
  return static_cast<std::int32_t>(std::clamp<std::uint64_t>(blocks, 1, kPoolBlocksMax));
}

std::int32_t host_blocks(const InstanceProfile& profile, const Workload& workload) {
  const std::uint64_t blocks = profile.kv_cache_tokens / workload.block_tokens();
  return static_cast<std::int32_t>(std::min(blocks, kPoolBlocksMax));
}

std::size_t longest_chain(const Workload& workload) {
  std::size_t blocks = 0;
  for (const WorkloadRequest& request : workload.requests()) {
    blocks = std::max(blocks, request.block_count);
  }
  return blocks;
}

}  // namespace

EngineModel::EngineModel(const InstanceProfile& profile, const Workload& workload,
                         const Clock* clock)
    : workload_(workload),
      profile_(profile),
      kv_events_(1, 1),
      pool_(pool_blocks(profile, workload), static_cast<std::int32_t>(workload.block_tokens()),
            kv_events_, clock == nullptr ? 0 : host_blocks(profile, workload)),
      scheduler_({}, pool_),
      clock_(clock),
      orders_(pool_),
      link_(from_seconds(profile.host_load_seconds_per_token * workload.block_tokens())),
      shared_tokens_(longest_chain(workload) * workload.block_tokens()) {}

std::int32_t EngineModel::blocks_for(const engine::Sequence& sequence) const {
  return sequence.total_tokens() / pool_.block_tokens() + 1;
}

std::int32_t EngineModel::held_max() const {
  // The largest sequence must fit beside what is held: it may find itself alone.
  std::int32_t largest = 0;
  for (const auto& [id, served] : served_) {
    largest = std::max(largest, blocks_for(served.sequence));
  }
  return pool_.block_count() - largest;
}

void EngineModel::make_room() {
  const engine::Sequence* first = nullptr;  // Of those that wait.
  for (const auto& [id, served] : served_) {
    const bool waits = served.sequence.state == engine::Sequence::State::kWaiting;
    if (waits && (first == nullptr || id < first->id)) first = &served.sequence;
  }
  // A block for each that runs; for the one to be admitted what it takes, as the scheduler counts.
  std::int32_t wanted = scheduler_.running_count();
  if (first != nullptr) {
    const std::int32_t cached = pool_.cached_blocks(
        first->chain, first->tokens, (first->total_tokens() - 1) / pool_.block_tokens());
    wanted += blocks_for(*first) - cached + pool_.free_among_cached(first->chain, cached) +
              pool_.block_count() / kSlackDivisor;
  }
  orders_.give_way(wanted, held_max());
}

void EngineModel::prefetch(std::span<const BlockHash> chain, std::uint32_t steps) {
  if (clock_ == nullptr) return;
  const auto is_on_host = [this](const BlockHash& hash) {
    return !pool_.host_tier().find(hash).empty();
  };
  const auto first = std::ranges::find_if(chain, is_on_host);
  chain = chain.first(std::min(chain.size(), shared_tokens_.size() / workload_.block_tokens()));
  if (!orders_.order(chain, shared_tokens_, steps, held_max())) {
    ++copies_.refused_orders;
    return;
  }
  ++copies_.orders;
  const std::size_t blocks = take_loads();
  if (blocks == 0) return;
  copies_.ahead_tokens += blocks * workload_.block_tokens();
  link_.copy_ahead(static_cast<std::size_t>(first - chain.begin()), *first, blocks, clock_->now());
}

std::size_t EngineModel::take_loads() {
  pool_.take_copies(saves_, loads_);
  return loads_.size();
}

Duration EngineModel::wait_for_copies() {
  const TimePoint now = clock_->now();
  const std::size_t blocks = take_loads();
  copies_.awaited_tokens += blocks * workload_.block_tokens();
  Duration wait{};
  for (const engine::Sequence* sequence : plan_.admitted) {
    wait = std::max(wait, link_.until_ready(sequence->chain, now));
    copies_.used_orders += orders_.used(sequence->chain);
  }
  return wait + (blocks > 0 ? link_.copy_first(blocks, now) : Duration());
}

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
  if (clock_ != nullptr) make_room();
  scheduler_.schedule(plan_);
  const Duration wait = clock_ == nullptr ? Duration() : wait_for_copies();
  engine::StepLoad load;
  for (const auto& [sequence, query_tokens] : plan_.sequences) {
    load.add(query_tokens, sequence->computed_tokens + query_tokens);
  }
  return wait + step_time(profile_, load);
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
