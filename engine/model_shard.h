#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "engine/model_config.h"
#include "engine/weight_plan.h"

namespace ringmaster::engine {

/// A run of rows, columns or heads.
struct ShardRange {
  std::int32_t begin = 0;
  std::int32_t count = 0;

  [[nodiscard]] std::int32_t end() const { return begin + count; }
  bool operator==(const ShardRange&) const = default;
};

/// What one of several devices computes of every layer (tensor parallelism as in Megatron-LM,
/// Shoeybi et al. 2019): its heads and its part of the MLP, whose outputs are sums over all
/// devices.
struct ShardPlan {
  ShardRange heads;
  ShardRange kv_heads;  ///< Those its heads read; several devices have the same one if there are
                        ///< more devices than KV heads.
  ShardRange feed_forward;
  bool has_head = true;  ///< Whether it computes the logits: the first device does.
};

/// The part of device `rank` of `ranks`. Requires: 0 <= rank < ranks.
///
/// Fails with kInvalidArgument, naming the figure: `ranks` must divide the query heads and the
/// feed-forward width, and divide the KV heads or be divided by them.
[[nodiscard]] Result<ShardPlan> plan_shard(const ModelConfig& config, std::int32_t rank,
                                           std::int32_t ranks);

/// A device's weights: views into the model's where its part is a run of rows, copies where it is
/// columns (attention_out, down). The embedding and the norms are whole; the output head is, too,
/// on the device that has it, and absent on the others.
struct ModelShard {
  ModelConfig config;  ///< The model's, with this device's heads, kv_heads and feed_forward.
  ModelWeights weights;
  std::vector<std::unique_ptr<std::byte[]>> copies;
};

/// `weights` outlive the shard. Costs a copy of this device's attention_out and down matrices.
/// Requires: `plan` is of `config`, `weights` are of `config`.
[[nodiscard]] ModelShard cut_shard(const ModelConfig& config, const ModelWeights& weights,
                                   const ShardPlan& plan);

}  // namespace ringmaster::engine
