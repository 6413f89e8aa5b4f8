#include "sim/instance_model.h"

#include <vector>

#include "base/check.h"
#include "base/known_names.h"
#include "sim/batching_model.h"
#include "sim/engine_model.h"
#include "sim/serial_model.h"

namespace ringmaster::sim {

void StepResult::clear() {
  prefilled.clear();
  finished.clear();
  blocks.clear();
}

std::string_view name_of(ModelKind kind) {
  switch (kind) {
    case ModelKind::kSerial:
      return "serial";
    case ModelKind::kBatching:
      return "batching";
    case ModelKind::kEngine:
      return "engine";
    case ModelKind::kTiered:
      break;
  }
  return "tiered";
}

Result<ModelKind> parse_model_kind(std::string_view name) {
  std::vector<std::string_view> known;
  for (const ModelKind kind :
       {ModelKind::kSerial, ModelKind::kBatching, ModelKind::kEngine, ModelKind::kTiered}) {
    if (name == name_of(kind)) return kind;
    known.push_back(name_of(kind));
  }
  return invalid("model: " + expected_one_of(known, name));
}

std::unique_ptr<InstanceModel> make_instance_model(ModelKind kind, const InstanceProfile& profile,
                                                   const Workload& workload, const Clock* clock) {
  if (kind == ModelKind::kSerial) return std::make_unique<SerialModel>(profile, workload);
  if (kind == ModelKind::kBatching) return std::make_unique<BatchingModel>(profile, workload);
  RINGMASTER_CHECK(kind == ModelKind::kEngine || clock != nullptr);
  return std::make_unique<EngineModel>(profile, workload,
                                       kind == ModelKind::kTiered ? clock : nullptr);
}

std::uint64_t cache_tokens(ModelKind kind, const InstanceProfile& profile) {
  if (kind == ModelKind::kEngine) return profile.device_kv_tokens;
  if (kind == ModelKind::kTiered) return profile.device_kv_tokens + profile.kv_cache_tokens;
  return profile.kv_cache_tokens;
}

}  // namespace ringmaster::sim
