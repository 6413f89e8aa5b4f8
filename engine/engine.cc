#include "engine/engine.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "engine/step_writer.h"

namespace ringmaster::engine {

namespace {

/// Room for so many output tokens is reserved with the request, so that the steps of most need not
/// make it: growing in one costs more than the rest of the step.
constexpr std::int32_t kReservedOutputTokens = 4096;

std::string tokens_text(std::int32_t count) {
  return std::to_string(count) + (count == 1 ? " token" : " tokens");
}

}  // namespace

std::int32_t context_limit(const Executor& executor, const EngineOptions& options) {
  const std::int64_t pool = std::int64_t{executor.block_count()} * executor.block_tokens();
  const std::int32_t model = executor.model().context_tokens_max;
  const std::int32_t asked = options.context_tokens_max > 0 ? options.context_tokens_max : model;
  return static_cast<std::int32_t>(std::min<std::int64_t>(pool, std::min(model, asked)));
}

Engine::Engine(Executor& executor, EngineOptions options)
    : executor_(executor),
      options_(std::move(options)),
      kv_events_(options_.kv_event_epoch, options_.kv_event_batches),
      pool_(executor.block_count(), executor.block_tokens(), kv_events_,
            executor.host_block_count()),
      scheduler_(options_.scheduler, pool_),
      context_tokens_max_(context_limit(executor, options_)) {
  RINGMASTER_CHECK(options_.waiting_max > 0);
  if (options_.model_name.empty()) options_.model_name = executor.model().name;
}

Result<RequestId> Engine::submit(GenerateRequest request) {
  if (const Status checked = check(request); !checked) return tl::unexpected(checked.error());
  auto sequence = std::make_unique<Sequence>();
  sequence->id = ++last_id_;
  sequence->priority = request.priority;
  sequence->prompt_tokens = static_cast<std::int32_t>(request.prompt.size());
  const std::int32_t room = context_tokens_max_ - sequence->prompt_tokens;
  sequence->output_tokens_max = request.output_tokens_max > 0 ? request.output_tokens_max : room;
  sequence->ignores_end_tokens = request.ignores_end_tokens;
  sequence->sampling = request.sampling;
  sequence->seed = chain_seed({.model = options_.model_name, .tenant = request.cache_salt});
  sequence->chain = chain_tokens(sequence->seed, request.prompt,
                                 static_cast<std::uint32_t>(pool_.block_tokens()));
  sequence->tokens = std::move(request.prompt);
  sequence->reserve(std::min(sequence->output_tokens_max, kReservedOutputTokens),
                    pool_.block_tokens());
  scheduler_.add(*sequence);
  sequences_.emplace(last_id_, std::move(sequence));
  return last_id_;
}

Status Engine::check(const GenerateRequest& request) const {
  if (request.prompt.empty()) return invalid("the prompt is empty: expected at least one token");
  if (request.prompt.size() >= static_cast<std::size_t>(context_tokens_max_)) {
    return invalid("the prompt has " + std::to_string(request.prompt.size()) +
                   " tokens: expected at most " + std::to_string(context_tokens_max_ - 1) +
                   ", since prompt and output together have room for " +
                   tokens_text(context_tokens_max_));
  }
  const auto prompt_tokens = static_cast<std::int32_t>(request.prompt.size());
  if (request.output_tokens_max < 0 ||
      request.output_tokens_max > context_tokens_max_ - prompt_tokens) {
    return invalid("the output may have at most " +
                   tokens_text(context_tokens_max_ - prompt_tokens) + " after a prompt of " +
                   std::to_string(prompt_tokens) + " (the context has " +
                   std::to_string(context_tokens_max_) + "), asked for " +
                   std::to_string(request.output_tokens_max));
  }
  const std::int32_t vocabulary = executor_.model().vocabulary_size;
  for (std::size_t i = 0; i < request.prompt.size(); ++i) {
    if (request.prompt[i] >= 0 && request.prompt[i] < vocabulary) continue;
    return invalid("prompt token " + std::to_string(i) + " is " +
                   std::to_string(request.prompt[i]) + ": expected 0 to " +
                   std::to_string(vocabulary - 1));
  }
  if (scheduler_.waiting_count() >= options_.waiting_max) {
    return fail(ErrorCode::kOverloaded, ErrorOrigin::kInstance,
                "the queue is full: " + std::to_string(options_.waiting_max) + " requests wait",
                true);
  }
  return {};
}

bool Engine::abort(RequestId request) {
  const auto found = sequences_.find(request);
  if (found == sequences_.end() || found->second->is_aborted) return false;
  Sequence& sequence = *found->second;
  if (is_in_flight(sequence)) {
    sequence.is_aborted = true;
  } else {
    finish(sequence);
  }
  return true;
}

bool Engine::is_in_flight(const Sequence& sequence) const {
  return std::ranges::any_of(flights_, [&](const Flight& flight) {
    return std::ranges::any_of(flight.plan.sequences, [&](const ScheduledSequence& part) {
      return part.sequence == &sequence;
    });
  });
}

void Engine::begin_step() {
  RINGMASTER_CHECK(steps_in_flight_ == 0 && has_work());
  StepPlan& plan = oldest().plan;
  scheduler_.schedule(plan);
  totals_.preemptions += static_cast<std::uint64_t>(plan.preempted);
  std::ranges::stable_partition(plan.sequences,
                                [](const auto& part) { return part.query_tokens == 1; });
  submit(oldest(), false);
}

bool Engine::begin_step_ahead() {
  RINGMASTER_CHECK(steps_in_flight_ > 0);
  if (steps_in_flight_ > 1 || executor_.steps_in_flight_max() < 2) return false;
  if (!scheduler_.schedule_ahead(oldest().plan, newest().plan)) return false;
  submit(newest(), true);
  return true;
}

void Engine::submit(Flight& flight, bool is_ahead) {
  pool_.take_copies(flight.input.saves, flight.input.loads);
  write_step(flight.plan, is_ahead, flight.input);
  executor_.submit(flight.input);
  ++steps_in_flight_;
}

void Engine::end_step(StepResult& result) {
  RINGMASTER_CHECK(steps_in_flight_ > 0);
  Flight& flight = oldest();
  StepPlan& plan = flight.plan;
  result.clear();
  output_.sampled.clear();
  output_.device_time = {};
  const Status done = executor_.wait(output_);
  --steps_in_flight_;
  oldest_ = (oldest_ + 1) % flights_.size();
  ++totals_.steps;
  result.device_time = output_.device_time;
  for (const Sequence* sequence : plan.admitted) {
    result.admitted.push_back({.request = sequence->id, .cached_tokens = sequence->cached_tokens});
    totals_.prompt_tokens += static_cast<std::uint64_t>(sequence->prompt_tokens);
    totals_.cached_tokens += static_cast<std::uint64_t>(sequence->cached_tokens);
  }
  if (done) {
    RINGMASTER_CHECK(output_.sampled.size() == flight.input.sampling.size());
    // All at once, so that the memory is waited for once and not for each of them.
    for (const ScheduledSequence& part : plan.sequences) {
      if (part.sequence != nullptr) scheduler_.prefetch(part);
    }
    std::size_t sample_row = 0;
    for (const ScheduledSequence& part : plan.sequences) collect(part, sample_row, result);
  } else {
    fail_step(plan, done.error().message, result);
    // Whether the copies were made before the device failed is not known.
    if (!flight.input.saves.empty() || !flight.input.loads.empty()) pool_.clear_cache();
  }
  plan.sequences.clear();
  plan.admitted.clear();
  result.has_kv_events = kv_events_.commit();
}

void Engine::collect(const ScheduledSequence& scheduled, std::size_t& sample_row,
                     StepResult& result) {
  if (scheduled.sequence == nullptr) {  // It ended after this step was begun ahead.
    ++sample_row;
    return;
  }
  Sequence& sequence = *scheduled.sequence;
  (sequence.is_decoding() ? result.decode_tokens : result.prefill_tokens) += scheduled.query_tokens;
  scheduler_.retire(sequence, scheduled.query_tokens);
  const bool is_sampled = sequence.uncomputed_tokens() == 0;
  const std::size_t row = is_sampled ? sample_row++ : 0;
  if (sequence.is_aborted) {
    finish(sequence);
  } else if (is_sampled) {
    take_token(sequence, std::move(output_.sampled[row]), result);
  }
}

void Engine::take_token(Sequence& sequence, SampledToken&& token, StepResult& result) {
  OutputEvent& event = result.outputs.emplace_back();
  event.request = sequence.id;
  event.output_index = sequence.output_tokens();
  sequence.append(token.token, pool_.block_tokens());
  ++totals_.output_tokens;
  event.finish = finish_reason(sequence, token.token);
  event.token = std::move(token);
  if (event.finish != FinishReason::kNone) finish(sequence);
}

FinishReason Engine::finish_reason(const Sequence& sequence, TokenId token) const {
  if (!sequence.ignores_end_tokens && std::ranges::count(executor_.model().end_tokens, token) > 0) {
    return FinishReason::kStop;
  }
  return sequence.output_tokens() == sequence.output_tokens_max ? FinishReason::kLength
                                                                : FinishReason::kNone;
}

void Engine::fail_step(const StepPlan& plan, std::string error, StepResult& result) {
  result.error = std::move(error);
  for (const ScheduledSequence& part : plan.sequences) {
    if (part.sequence == nullptr) continue;
    if (!part.sequence->is_aborted) {
      result.outputs.push_back({.request = part.sequence->id,
                                .output_index = part.sequence->output_tokens(),
                                .has_token = false,
                                .finish = FinishReason::kError});
    }
    finish(*part.sequence);
  }
}

void Engine::finish(Sequence& sequence) {
  for (Flight& flight : flights_) {
    for (ScheduledSequence& part : flight.plan.sequences) {
      if (part.sequence == &sequence) part.sequence = nullptr;
    }
  }
  scheduler_.remove(sequence);
  sequences_.erase(sequence.id);
}

EngineStats Engine::stats() const {
  EngineStats stats = totals_;
  stats.running = scheduler_.running_count();
  stats.waiting = scheduler_.waiting_count();
  stats.queued_prefill_tokens = scheduler_.queued_prefill_tokens();
  stats.held_blocks = pool_.block_count() - pool_.free_count();
  stats.indexed_blocks = pool_.indexed_count();
  stats.block_count = pool_.block_count();
  stats.block_tokens = pool_.block_tokens();
  stats.host_block_count = pool_.host_tier().block_count();
  stats.host_indexed_blocks = pool_.host_tier().indexed_count();
  stats.host_saved_blocks = pool_.host_tier().saved_blocks();
  stats.host_loaded_blocks = pool_.host_tier().loaded_blocks();
  stats.is_device_lost = executor_.is_lost();
  return stats;
}

}  // namespace ringmaster::engine
