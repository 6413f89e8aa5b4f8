#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "engine/simulated/step_time.h"
#include "sim/instance_model.h"
#include "sim/prompt_cache.h"

namespace ringmaster::sim {

/// Limits of a step, as engines of this class set them by default.
inline constexpr std::uint32_t kStepTokensMax = 2048;    ///< Prefilled + decoded.
inline constexpr std::uint32_t kStepSequencesMax = 256;  ///< Admitted at a time.

/// Continuous batching at the level of steps.
///
///     step time = a + tau * (prefill tokens) + c * (sequences decoding) + d * (their KV tokens)
///
/// and the further terms of engine::step_time() where the profile has them.
/// Decodes go first, one token each; what is left of the step's tokens prefills admitted requests
/// in chunks, in order of arrival. A request is admitted, in order of arrival, when its prompt +
/// output fits into the device's KV beside those admitted before; nothing is preempted. Its cached
/// prefix is looked up at its first chunk; its blocks enter the cache at the end of the step that
/// finishes its prefill, which also gives its first token. KV tokens of a decoding sequence are
/// its prompt and the tokens generated before the step.
class BatchingModel final : public InstanceModel {
 public:
  BatchingModel(const InstanceProfile& profile, const Workload& workload);

  [[nodiscard]] bool submit(std::uint32_t request) override;
  [[nodiscard]] std::optional<Duration> start_step() override;
  void end_step(StepResult& result) override;
  [[nodiscard]] std::uint32_t cached_blocks(std::span<const BlockHash> chain) const override {
    return cache_.cached_blocks(chain);
  }
  [[nodiscard]] InstanceReport report() const override;

 private:
  struct Prefill {
    PrefillEnd end;
    std::uint32_t tokens_left = 0;
    bool is_started = false;
  };
  struct Decode {
    std::uint64_t last_step = 0;  ///< The step that gives its last token.
    std::uint32_t request = 0;
  };

  [[nodiscard]] static bool ends_later(const Decode& a, const Decode& b);
  [[nodiscard]] std::uint64_t kv_need(std::uint32_t request) const;
  [[nodiscard]] std::uint64_t queued_prefill_tokens() const;
  void admit();
  void prefill_chunks(std::uint32_t tokens_max, engine::StepLoad& load);
  void finish(std::uint32_t request, StepResult& result);

  const Workload& workload_;
  const InstanceProfile profile_;
  PromptCache cache_;
  std::deque<std::uint32_t> waiting_;
  std::deque<Prefill> prefilling_;  // Admitted, in order of arrival.
  std::size_t prefills_done_ = 0;   // Of prefilling_, by the running step.
  std::vector<Decode> decoding_;    // A heap, the earliest end on top.
  std::uint64_t decoding_kv_tokens_ = 0;
  std::uint64_t reserved_kv_tokens_ = 0;
  std::uint64_t step_ = 0;  // Number of the running or last step.
  bool is_running_ = false;
};

}  // namespace ringmaster::sim
