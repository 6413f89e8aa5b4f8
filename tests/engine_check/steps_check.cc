#include <cinttypes>
#include <cstdio>

#include "base/random.h"
#include "engine/simulated/instance_profile.h"
#include "engine/simulated/step_time.h"
#include "tests/engine_check/engine_checks.h"
#include "tests/gpu/step_grid.h"

namespace ringmaster::engine {

int write_steps(double noise) {
  const InstanceProfile profile = find_profile("qwen2.5-7b@h200-uncalibrated").value();
  std::printf("# device simulated %s\n# device_kv_tokens %" PRIu64 "\n# context_tokens_max %" PRIu32
              "\n",
              profile.name.c_str(), static_cast<std::uint64_t>(profile.device_kv_tokens),
              static_cast<std::uint32_t>(profile.context_tokens_max));
  std::printf("prefill_tokens,decode_sequences,kv_tokens,pairs,seconds\n");
  Random random(5);
  for (const GridStep& step : step_grid(static_cast<std::int64_t>(profile.device_kv_tokens))) {
    StepLoad load;
    for (std::int32_t s = 0; s < step.decode_sequences; ++s) load.add(1, step.decode_context);
    if (step.chunk_tokens > 0) load.add(step.chunk_tokens, step.chunk_before + step.chunk_tokens);
    const double factor = 1.0 + noise * (2.0 * random.unit() - 1.0);
    std::printf("%.0f,%.0f,%.0f,%.0f,%.9f\n", load.prefill_tokens, load.decoding_sequences,
                load.kv_tokens, load.attention_pairs,
                to_seconds(step_time(profile, load)) * factor);
  }
  return 0;
}

}  // namespace ringmaster::engine
