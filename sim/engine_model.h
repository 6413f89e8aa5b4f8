#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/block_pool.h"
#include "engine/kv_events.h"
#include "engine/sequence.h"
#include "engine/step_scheduler.h"
#include "sim/copy_figures.h"
#include "sim/host_link.h"
#include "sim/instance_model.h"
#include "sim/prefetch_orders.h"

namespace ringmaster::sim {

/// The bundled engine: its own step scheduler, block pool and log of cache changes under
/// engine::step_time(). Step for step what `ringmaster engine --device sim` does with the same
/// profile and block size, without its threads, HTTP and sampling: chunked prefill, admission by
/// cached prefix within a window, preemption, blocks cached as soon as a step has computed them,
/// those of outputs too. Both use the scheduler's default limits of a step.
///
/// The device's KV is all the cache there is: a pool of device_kv_tokens / block tokens blocks of
/// the workload's block size. A step costs O(sequences in it), and O(32) lookups of prefixes for
/// each admission tried.
///
/// With a clock (kTiered) the pool has the engine's host tier, of kv_cache_tokens. What a request
/// needs of it is copied before the step that admits it, which takes so much longer
/// (host_load_seconds_per_token). What was ordered ahead is copied beside the steps, and kept on
/// the device (sim/prefetch_orders.h). Copies to the host take no time: they go the other way.
class EngineModel final : public InstanceModel {
 public:
  /// `clock`, null for one level of memory, outlives the model.
  EngineModel(const InstanceProfile& profile, const Workload& workload,
              const Clock* clock = nullptr);

  /// False if prompt and output are more than the context of the model or the pool has room for.
  [[nodiscard]] bool submit(std::uint32_t request) override;
  [[nodiscard]] std::optional<Duration> start_step() override;
  void end_step(StepResult& result) override;
  void prefetch(std::span<const BlockHash> chain, std::uint32_t steps) override;
  [[nodiscard]] const CopyFigures* copies() const override {
    return clock_ == nullptr ? nullptr : &copies_;
  }
  [[nodiscard]] std::uint32_t cached_blocks(std::span<const BlockHash> chain) const override;
  [[nodiscard]] InstanceReport report() const override;

 private:
  struct Served {
    std::uint32_t request = 0;
    engine::Sequence sequence;
  };

  /// Blocks for all its tokens and one more.
  [[nodiscard]] std::int32_t blocks_for(const engine::Sequence& sequence) const;
  [[nodiscard]] std::int32_t held_max() const;
  void make_room();
  [[nodiscard]] Duration wait_for_copies();
  /// Those that the pool has asked for since the last call.
  [[nodiscard]] std::size_t take_loads();
  void collect(engine::Sequence& sequence, std::int32_t query_tokens, StepResult& result);

  const Workload& workload_;
  const InstanceProfile profile_;
  engine::KvEventLog kv_events_;
  engine::BlockPool pool_;
  engine::StepScheduler scheduler_;
  std::unordered_map<engine::RequestId, Served> served_;  // Waiting and running ones.
  engine::RequestId last_id_ = 0;
  engine::StepPlan plan_;
  const Clock* clock_;  // Null: one level of memory.
  PrefetchOrders orders_;
  HostLink link_;
  CopyFigures copies_;
  std::vector<engine::BlockCopy> saves_;  // Scratch, as loads_.
  std::vector<engine::BlockCopy> loads_;
  TokenVector shared_tokens_;  // Of the full blocks of every prompt; see submit().
  bool is_running_ = false;
};

}  // namespace ringmaster::sim
