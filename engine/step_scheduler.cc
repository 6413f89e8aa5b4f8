#include "engine/step_scheduler.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "base/check.h"

namespace ringmaster::engine {

StepScheduler::StepScheduler(StepSchedulerOptions options, BlockPool& pool)
    : options_(options),
      pool_(pool),
      watermark_blocks_(
          static_cast<std::int32_t>(std::ceil(options.watermark * pool.block_count()))) {
  RINGMASTER_CHECK(options.step_tokens_max > 0 && options.sequences_max > 0);
  RINGMASTER_CHECK(options.prefill_chunk_tokens >= 0 && options.prefix_window > 0);
  for (std::int32_t slot = options.sequences_max; slot-- > 0;) free_slots_.push_back(slot);
}

bool StepScheduler::ServedSooner::operator()(const Sequence* a, const Sequence* b) const {
  return std::tie(a->priority, a->id) < std::tie(b->priority, b->id);
}

void StepScheduler::add(Sequence& sequence) {
  RINGMASTER_CHECK(blocks_for(sequence.total_tokens()) <= pool_.block_count());
  sequence.state = Sequence::State::kWaiting;
  waiting_.insert(&sequence);
  waiting_tokens_ += sequence.total_tokens();
}

void StepScheduler::remove(Sequence& sequence) {
  if (sequence.state == Sequence::State::kWaiting) {
    RINGMASTER_CHECK(waiting_.erase(&sequence) == 1);
    waiting_tokens_ -= sequence.total_tokens();
    return;
  }
  const auto position = std::ranges::lower_bound(running_, &sequence, ServedSooner{});
  RINGMASTER_CHECK(position != running_.end() && *position == &sequence);
  running_.erase(position);
  release_blocks(sequence);
}

void StepScheduler::schedule(StepPlan& plan) {
  plan.sequences.clear();
  plan.admitted.clear();
  plan.preempted = 0;
  tokens_left_ = options_.step_tokens_max;
  plan_running(plan);
  if (plan.preempted == 0) plan_waiting(plan);
  RINGMASTER_CHECK(!plan.sequences.empty() || (running_.empty() && waiting_.empty()));
}

bool StepScheduler::schedule_ahead(const StepPlan& in_flight, StepPlan& plan) {
  plan.sequences.clear();
  plan.admitted.clear();
  plan.preempted = 0;
  if (!waiting_.empty() || running_count() > options_.step_tokens_max) return false;
  std::int32_t blocks = 0;
  std::int32_t count = 0;
  for (const ScheduledSequence& part : in_flight.sequences) {
    if (part.sequence == nullptr) continue;
    const Sequence& sequence = *part.sequence;
    if (sequence.is_aborted || part.query_tokens != sequence.uncomputed_tokens()) return false;
    if (sequence.output_tokens() + 1 >= sequence.output_tokens_max) return false;
    blocks += missing_blocks(sequence, sequence.total_tokens() + 1);
    ++count;
  }
  if (count == 0 || count != running_count() || blocks > pool_.free_count()) return false;
  for (const ScheduledSequence& part : in_flight.sequences) {
    if (part.sequence == nullptr) continue;
    allocate(*part.sequence, missing_blocks(*part.sequence, part.sequence->total_tokens() + 1));
    plan.sequences.push_back({.sequence = part.sequence, .query_tokens = 1});
  }
  return true;
}

void StepScheduler::settle(Sequence& sequence) {
  if (!options_.uses_prefix_cache) return;
  const auto block_tokens = static_cast<std::size_t>(pool_.block_tokens());
  for (; fills_a_block(sequence, sequence.computed_tokens); ++sequence.settled_blocks) {
    const auto j = static_cast<std::size_t>(sequence.settled_blocks);
    pool_.index(sequence.blocks[j], sequence.chain[j],
                TokenSpan(sequence.tokens).subspan(j * block_tokens, block_tokens));
  }
}

std::int64_t StepScheduler::queued_prefill_tokens() const {
  std::int64_t tokens = waiting_tokens_;
  for (const Sequence* sequence : running_) {
    if (!sequence->is_decoding()) tokens += sequence->uncomputed_tokens();
  }
  return tokens;
}

std::int32_t StepScheduler::blocks_for(std::int32_t tokens) const {
  return (tokens + pool_.block_tokens() - 1) / pool_.block_tokens();
}

std::int32_t StepScheduler::missing_blocks(const Sequence& sequence, std::int32_t tokens) const {
  const auto count = static_cast<std::int32_t>(sequence.blocks.size());
  // Of most sequences of most steps none: found without a division.
  return tokens <= count * pool_.block_tokens() ? 0 : blocks_for(tokens) - count;
}

void StepScheduler::allocate(Sequence& sequence, std::int32_t blocks) {
  for (; blocks > 0; --blocks) sequence.blocks.push_back(pool_.allocate());
}

std::int32_t StepScheduler::chunk_of(std::int32_t uncomputed, std::int32_t tokens_left) const {
  const std::int32_t chunk = std::min(uncomputed, tokens_left);
  return options_.prefill_chunk_tokens > 0 ? std::min(chunk, options_.prefill_chunk_tokens) : chunk;
}

std::int32_t StepScheduler::cached_blocks(const Sequence& sequence) const {
  if (!options_.uses_prefix_cache) return 0;
  // The last token is always computed: its logits are what the first output is drawn from.
  const std::int32_t blocks_max = (sequence.total_tokens() - 1) / pool_.block_tokens();
  return pool_.cached_blocks(sequence.chain, sequence.tokens, blocks_max);
}

void StepScheduler::plan_running(StepPlan& plan) {
  std::int32_t decoding_behind = -1;  // Counted when the first one in prefill asks.
  for (std::size_t i = 0; i < running_.size() && tokens_left_ > 0; ++i) {
    Sequence& sequence = *running_[i];
    std::int32_t query_tokens = 1;
    if (sequence.is_decoding()) {
      if (decoding_behind > 0) --decoding_behind;
    } else {
      if (decoding_behind < 0) decoding_behind = decoding_from(i);
      // The first one always gets a token, so that it makes progress whatever the others do.
      const std::int32_t reserved_max = i == 0 ? tokens_left_ - 1 : tokens_left_;
      query_tokens = chunk_of(sequence.uncomputed_tokens(),
                              tokens_left_ - std::min(decoding_behind, reserved_max));
      if (query_tokens <= 0) continue;
    }
    const std::int32_t blocks = missing_blocks(sequence, sequence.computed_tokens + query_tokens);
    if (!make_room(i, blocks, plan)) break;
    give(sequence, query_tokens, blocks, plan);
  }
}

std::int32_t StepScheduler::decoding_from(std::size_t position) const {
  const std::span<Sequence* const> rest = std::span(running_).subspan(position);
  return static_cast<std::int32_t>(
      std::ranges::count_if(rest, [](const Sequence* s) { return s->is_decoding(); }));
}

bool StepScheduler::make_room(std::size_t position, std::int32_t blocks, StepPlan& plan) {
  while (pool_.free_count() < blocks) {
    const bool is_itself = running_.size() == position + 1;
    preempt_last(plan);
    if (is_itself) return false;
  }
  return true;
}

void StepScheduler::preempt_last(StepPlan& plan) {
  Sequence& sequence = *running_.back();
  running_.pop_back();
  release_blocks(sequence);
  sequence.was_preempted = true;
  add(sequence);
  ++plan.preempted;
}

void StepScheduler::plan_waiting(StepPlan& plan) {
  while (!waiting_.empty() && !free_slots_.empty() && tokens_left_ > 0) {
    if (!running_.empty() && pool_.free_count() <= watermark_blocks_) return;
    Sequence& sequence = next_waiting();
    const std::int32_t cached = cached_blocks(sequence);
    if (!may_admit(sequence, cached)) return;
    count_overtakes(sequence);
    admit(sequence, cached, plan);
  }
}

Sequence& StepScheduler::next_waiting() {
  Sequence* const first = *waiting_.begin();
  Sequence* best = nullptr;
  std::int32_t best_cached = -1;
  std::int32_t seen = 0;
  for (Sequence* sequence : waiting_) {
    if (sequence->priority != first->priority || seen++ == options_.prefix_window) break;
    if (sequence->was_preempted || sequence->overtakes >= options_.overtakes_max) return *sequence;
    const std::int32_t cached = cached_blocks(*sequence);
    if (cached > best_cached) {
      best = sequence;
      best_cached = cached;
    }
  }
  return *best;
}

void StepScheduler::count_overtakes(const Sequence& admitted) {
  for (Sequence* sequence : waiting_) {
    if (sequence == &admitted) return;
    ++sequence->overtakes;
  }
}

bool StepScheduler::may_admit(const Sequence& sequence, std::int32_t cached) const {
  if (running_.empty()) return true;
  // Room for the whole prompt, beside what running prefills will still need: admitting on the
  // first chunk alone would let prompts preempt each other half-way.
  std::int32_t needed = blocks_for(sequence.total_tokens()) - cached +
                        pool_.free_among_cached(sequence.chain, cached);
  for (const Sequence* other : running_) {
    needed += missing_blocks(*other, other->total_tokens());
  }
  return pool_.free_count() >= needed + watermark_blocks_;
}

void StepScheduler::admit(Sequence& sequence, std::int32_t cached, StepPlan& plan) {
  waiting_.erase(&sequence);
  waiting_tokens_ -= sequence.total_tokens();
  running_.insert(std::ranges::upper_bound(running_, &sequence, ServedSooner{}), &sequence);
  sequence.state = Sequence::State::kRunning;
  sequence.slot = free_slots_.back();
  free_slots_.pop_back();
  pool_.take_cached(sequence.chain, cached, sequence.blocks);
  sequence.settled_blocks = cached;
  sequence.computed_tokens = cached * pool_.block_tokens();
  if (sequence.cached_tokens < 0) {
    sequence.cached_tokens = sequence.computed_tokens;
    plan.admitted.push_back(&sequence);
  }
  const std::int32_t query_tokens = chunk_of(sequence.uncomputed_tokens(), tokens_left_);
  give(sequence, query_tokens, missing_blocks(sequence, sequence.computed_tokens + query_tokens),
       plan);
}

void StepScheduler::give(Sequence& sequence, std::int32_t query_tokens, std::int32_t blocks,
                         StepPlan& plan) {
  allocate(sequence, blocks);
  tokens_left_ -= query_tokens;
  const ScheduledSequence part{.sequence = &sequence, .query_tokens = query_tokens};
  plan.sequences.push_back(part);
}

void StepScheduler::release_blocks(Sequence& sequence) {
  pool_.release(sequence.blocks);
  sequence.blocks.clear();
  sequence.computed_tokens = 0;
  sequence.settled_blocks = 0;
  free_slots_.push_back(sequence.slot);
  sequence.slot = -1;
}

}  // namespace ringmaster::engine
