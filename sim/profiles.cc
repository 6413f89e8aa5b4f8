#include "sim/profiles.h"

#include <algorithm>
#include <array>
#include <string>

namespace ringmaster::sim {
namespace {

constexpr std::array<InstanceProfile, 2> kProfiles = {{
    {.name = "qwen2.5-7b@910b4",
     .prefill_seconds_per_token = 0.00016,
     .kv_cache_tokens = 1'000'000,
     .prompt_tokens_max = 20'480,
     .step_seconds = 0.019,
     .step_seconds_per_sequence = 0.0001,
     .step_seconds_per_kv_token = 7.2e-8,
     .device_kv_tokens = 180'000},
    {.name = "qwen2.5-14b@910b3",
     .prefill_seconds_per_token = 0.000127,
     .kv_cache_tokens = 500'000,
     .prompt_tokens_max = 10'240,
     .step_seconds = 0.019,
     .step_seconds_per_sequence = 0.0001,
     .step_seconds_per_kv_token = 1.2e-7,
     .device_kv_tokens = 122'000},
}};

}  // namespace

std::span<const InstanceProfile> profiles() {
  return kProfiles;
}

Result<InstanceProfile> find_profile(std::string_view name) {
  const auto* const found = std::ranges::find(kProfiles, name, &InstanceProfile::name);
  if (found != kProfiles.end()) return *found;
  std::string known;
  for (const InstanceProfile& profile : kProfiles) known += " " + std::string(profile.name);
  return invalid("unknown profile \"" + std::string(name) + "\"; expected one of" + known);
}

}  // namespace ringmaster::sim
