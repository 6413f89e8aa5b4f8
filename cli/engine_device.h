#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/cuda/kv_gate.h"
#include "engine/executor.h"
#include "engine/simulated/sim_executor.h"
#include "settings/engine_settings.h"
#include "tokens/prompt_encoder.h"

namespace ringmaster {

/// What the command line says about the device beyond the settings.
struct DeviceOptions {
  std::int32_t kv_blocks = 0;          ///< 0: by kv_bytes or settings.kv_cache_tokens.
  std::uint64_t kv_bytes = 0;          ///< Memory of the KV cache; cpu only. 0: by tokens.
  std::int32_t host_kv_blocks = 0;     ///< Of the host tier; 0: by host_kv_bytes. Not for sim.
  std::uint64_t host_kv_bytes = 0;     ///< Memory of the host tier; 0: none. Not for sim.
  std::string kv_cache_type = "bf16";  ///< Or "e4m3"; cuda only.
  double kv_error_max = engine::kKvErrorMax;  ///< Of e4m3; see make_gated_cuda_executor().
  double memory_utilization = 0.9;            ///< Share of the GPU's memory to take; cuda only.
  std::int32_t gpu = 0;                       ///< As the driver counts; cuda only.
  std::int32_t gpus = 1;                      ///< From it on, share the model out; cuda only.
  bool overlaps_launches = false;             ///< cuda only; see CudaOptions.
  std::string prefill_kernel = "mma";         ///< Or "wgmma"; cuda only.
  bool is_deterministic = false;              ///< cuda only; see CudaOptions.
  std::string sim_profile;  ///< Name or file, instead of settings.sim; empty: none.
  double sim_speed = 1.0;   ///< Simulated seconds in a real one.
};

/// A model ready to serve: its device and the tokens of its prompts.
struct EngineDevice {
  std::unique_ptr<engine::StepWaiter> waiter;  ///< Of a simulated device.
  std::unique_ptr<engine::Executor> executor;
  std::shared_ptr<const PromptEncoder> encoder;
  std::vector<std::string> notes;  ///< What its operator should know of it, a line each.
};

/// Reads the model's folder and prepares its device. A simulated device without a folder has the
/// tokenizer of a tiny model. Fails with one line that names the file or the option. Requires: the
/// device is one of cpu, cuda and sim, and can have the options (apply_engine_flags() checks it).
[[nodiscard]] Result<EngineDevice> open_engine_device(const EngineSettings& settings,
                                                      const DeviceOptions& options);

/// How many GPUs an engine sees, at least one. Fails with one line that says why none is usable.
[[nodiscard]] Result<std::int32_t> count_gpus();

}  // namespace ringmaster
