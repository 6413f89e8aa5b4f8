#include "sim/instance_model.h"

#include <string>

#include "sim/batching_model.h"
#include "sim/serial_model.h"

namespace ringmaster::sim {

void StepResult::clear() {
  prefilled.clear();
  finished.clear();
  blocks.clear();
}

void StepResult::add_prefilled(PrefillEnd end, std::span<const BlockHash> chain, BlockLru& cache) {
  cache.insert(chain, &blocks);
  end.removed_end = blocks.removed.size();
  end.stored_end = blocks.stored.size();
  prefilled.push_back(end);
}

std::string_view name_of(ModelKind kind) {
  return kind == ModelKind::kSerial ? "serial" : "batching";
}

Result<ModelKind> parse_model_kind(std::string_view name) {
  for (const ModelKind kind : {ModelKind::kSerial, ModelKind::kBatching}) {
    if (name == name_of(kind)) return kind;
  }
  return invalid("unknown model \"" + std::string(name) + "\"; expected serial or batching");
}

std::unique_ptr<InstanceModel> make_instance_model(ModelKind kind, const InstanceProfile& profile,
                                                   const Workload& workload) {
  if (kind == ModelKind::kSerial) return std::make_unique<SerialModel>(profile, workload);
  return std::make_unique<BatchingModel>(profile, workload);
}

std::uint32_t cache_blocks(const InstanceProfile& profile, const Workload& workload) {
  return static_cast<std::uint32_t>(profile.kv_cache_tokens / workload.block_tokens());
}

}  // namespace ringmaster::sim
