#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/block_lru.h"
#include "fleet/instance.h"
#include "sim/copy_figures.h"
#include "sim/profiles.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// Which model of an instance is simulated.
enum class ModelKind : std::uint8_t { kSerial, kBatching, kEngine, kTiered };

[[nodiscard]] std::string_view name_of(ModelKind kind);
/// Fails with kInvalidArgument, listing the known names.
[[nodiscard]] Result<ModelKind> parse_model_kind(std::string_view name);

/// A request whose prefill ended with a step: its first token is out.
struct PrefillEnd {
  std::uint32_t request = 0;        ///< Its index in the workload.
  std::uint32_t cached_tokens = 0;  ///< Found in the prefix cache when its prefill started.
  /// Ends of its share of the step's block changes: it removed these first, then stored those.
  std::size_t removed_end = 0;
  std::size_t stored_end = 0;
};

/// What one step brought. Reuse one object: its vectors keep their memory.
struct StepResult {
  std::vector<PrefillEnd> prefilled;
  std::vector<std::uint32_t> finished;  ///< Requests whose last token is out.
  /// Of the prefix cache. What no PrefillEnd accounts for was removed, then stored, after theirs.
  BlockChanges blocks;

  void clear();
};

/// A simulated instance: requests in, steps of some duration, tokens out. It decides only what an
/// engine decides itself: the order and the batch of what was sent to it.
///
/// Whoever drives it calls start_step() when it is idle and has something waiting, and end_step()
/// when that much time has passed. Requests of the workload go by their index.
class InstanceModel {
 public:
  virtual ~InstanceModel() = default;

  /// False if the instance could never hold the request; it is then not taken.
  /// Requires: the request is not here already.
  [[nodiscard]] virtual bool submit(std::uint32_t request) = 0;

  /// Starts the next step; its duration, or nothing if there is no work or a step runs already.
  [[nodiscard]] virtual std::optional<Duration> start_step() = 0;

  /// Ends the running step and adds what it brought to `result`. Requires: one runs.
  virtual void end_step(StepResult& result) = 0;

  /// Orders these blocks onto the device, to be used in so many steps of their workflow. A model
  /// with one level of memory does nothing.
  virtual void prefetch(std::span<const BlockHash> /*chain*/, std::uint32_t /*steps*/) {}

  /// Null with one level of memory. Valid while the model lives.
  [[nodiscard]] virtual const CopyFigures* copies() const { return nullptr; }

  /// Blocks of the chain that a prefill starting now would find cached, on either level.
  [[nodiscard]] virtual std::uint32_t cached_blocks(std::span<const BlockHash> chain) const = 0;

  /// Its load as an engine would report it; `time` is left to the caller. O(chains that wait).
  [[nodiscard]] virtual InstanceReport report() const = 0;
};

/// Requires: `workload` outlives the model, and so does `clock`, which kTiered needs.
[[nodiscard]] std::unique_ptr<InstanceModel> make_instance_model(ModelKind kind,
                                                                 const InstanceProfile& profile,
                                                                 const Workload& workload,
                                                                 const Clock* clock = nullptr);

/// How many tokens of prefixes an instance can keep: in host memory, but for kEngine on the device,
/// and for kTiered on both.
[[nodiscard]] std::uint64_t cache_tokens(ModelKind kind, const InstanceProfile& profile);

}  // namespace ringmaster::sim
