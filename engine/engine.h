#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "engine/block_pool.h"
#include "engine/executor.h"
#include "engine/generate_request.h"
#include "engine/kv_events.h"
#include "engine/sequence.h"
#include "engine/step_scheduler.h"

namespace ringmaster::engine {

struct EngineOptions {
  std::string model_name;  ///< Salts the block hashes; empty: the executor's name.
  StepSchedulerOptions scheduler;
  std::int32_t waiting_max = 1024;        ///< Requests; more are refused with kOverloaded.
  std::int32_t context_tokens_max = 0;    ///< At most what the model says; 0: that.
  std::size_t kv_event_batches = 10'000;  ///< Kept for replay.
  std::uint64_t kv_event_epoch = 1;       ///< Different in each life of the process.
};

/// Tokens of prompt and output together that one request may have: what the model, the options and
/// the pool allow.
[[nodiscard]] std::int32_t context_limit(const Executor& executor, const EngineOptions& options);

/// Where the engine stands; counters since its start, tokens unless said otherwise.
struct EngineStats {
  std::int32_t running = 0;  ///< Requests.
  std::int32_t waiting = 0;  ///< Requests, preempted ones included.
  std::int64_t queued_prefill_tokens = 0;
  std::int32_t held_blocks = 0;
  std::int32_t indexed_blocks = 0;
  std::int32_t block_count = 0;
  std::int32_t block_tokens = 0;
  std::int32_t host_block_count = 0;  ///< Of the host tier, as the next three.
  std::int32_t host_indexed_blocks = 0;
  std::uint64_t host_saved_blocks = 0;   ///< Copied there from the device.
  std::uint64_t host_loaded_blocks = 0;  ///< Copied back.
  std::uint64_t prompt_tokens = 0;       ///< Of admitted requests.
  std::uint64_t cached_tokens = 0;  ///< Among them, found in the prefix cache, the host tier's too.
  std::uint64_t output_tokens = 0;
  std::uint64_t preemptions = 0;
  std::uint64_t steps = 0;
  bool is_device_lost = false;  ///< See Executor::is_lost().

  /// Share of the blocks that requests hold, in [0, 1].
  [[nodiscard]] double kv_usage() const {
    return static_cast<double>(held_blocks) / static_cast<double>(block_count);
  }
};

/// The step loop of one model on one device: schedule, run, collect.
///
/// begin_step() and end_step() are apart so that whoever drives it (a thread, a simulator) may do
/// other work meanwhile; requests may be submitted and aborted at any time between calls. The
/// outputs are a function of the calls alone. Not thread-safe.
class Engine {
 public:
  /// `executor` outlives the engine.
  Engine(Executor& executor, EngineOptions options);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Lets a request wait for its first step. Fails with kInvalidArgument (an empty prompt, a token
  /// outside the vocabulary, more tokens than the context has) or kOverloaded.
  [[nodiscard]] Result<RequestId> submit(GenerateRequest request);

  /// Ends a request without further output; at once, or when the step in flight retires.
  /// False if there is no such request (any more).
  bool abort(RequestId request);

  [[nodiscard]] bool has_work() const { return !sequences_.empty() || steps_in_flight_ > 0; }
  [[nodiscard]] std::int32_t steps_in_flight() const { return steps_in_flight_; }

  /// Plans a step and submits it to the device. Requires: has_work(), no step in flight.
  void begin_step();

  /// Submits the step after the one in flight before that one's tokens are known, so that the
  /// device need not wait for the host. False if the device takes no second step or the next step
  /// depends on those tokens. What an ended sequence computes in it is dropped. Outputs do not
  /// change. Requires: a step in flight.
  bool begin_step_ahead();

  /// Waits for the oldest step in flight and says what it brought. Requires: a step in flight.
  void end_step(StepResult& result);

  [[nodiscard]] EngineStats stats() const;
  [[nodiscard]] const KvEventLog& kv_events() const { return kv_events_; }
  [[nodiscard]] const BlockPool& pool() const { return pool_; }

  /// See context_limit().
  [[nodiscard]] std::int32_t context_tokens_max() const { return context_tokens_max_; }

 private:
  [[nodiscard]] Status check(const GenerateRequest& request) const;
  /// A step in flight.
  struct Flight {
    StepPlan plan;
    StepInput input;
  };

  [[nodiscard]] Flight& oldest() { return flights_[oldest_]; }
  [[nodiscard]] Flight& newest() { return flights_[(oldest_ + 1) % flights_.size()]; }
  [[nodiscard]] bool is_in_flight(const Sequence& sequence) const;
  void submit(Flight& flight, bool is_ahead);
  void collect(const ScheduledSequence& scheduled, std::size_t& sample_row, StepResult& result);
  void take_token(Sequence& sequence, SampledToken&& token, StepResult& result);
  void fail_step(const StepPlan& plan, std::string error, StepResult& result);
  void finish(Sequence& sequence);
  [[nodiscard]] FinishReason finish_reason(const Sequence& sequence, TokenId token) const;

  Executor& executor_;
  EngineOptions options_;
  KvEventLog kv_events_;
  BlockPool pool_;
  StepScheduler scheduler_;
  std::int32_t context_tokens_max_;
  std::unordered_map<RequestId, std::unique_ptr<Sequence>> sequences_;
  RequestId last_id_ = 0;
  std::array<Flight, 2> flights_;
  std::size_t oldest_ = 0;  // Of the flights.
  std::int32_t steps_in_flight_ = 0;
  StepOutput output_;
  EngineStats totals_;  // The counters; the rest is filled in by stats().
};

}  // namespace ringmaster::engine
