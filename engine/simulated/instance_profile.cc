#include "engine/simulated/instance_profile.h"

#include <algorithm>
#include <vector>

#include "base/known_names.h"
#include "engine/simulated/roofline.h"

namespace ringmaster::engine {
namespace {

std::vector<InstanceProfile> built_in_profiles() {
  std::vector<InstanceProfile> all = {{.name = "qwen2.5-7b@910b4",
                                       .prefill_seconds_per_token = 0.00016,
                                       .kv_cache_tokens = 1'000'000,
                                       .prompt_tokens_max = 20'480,
                                       .step_seconds = 0.019,
                                       .step_seconds_per_sequence = 0.0001,
                                       .step_seconds_per_kv_token = 7.2e-8,
                                       .device_kv_tokens = 180'000,
                                       .host_load_seconds_per_token = 2.99e-6,
                                       .context_tokens_max = 32'768},
                                      {.name = "qwen2.5-14b@910b3",
                                       .prefill_seconds_per_token = 0.000127,
                                       .kv_cache_tokens = 500'000,
                                       .prompt_tokens_max = 10'240,
                                       .step_seconds = 0.019,
                                       .step_seconds_per_sequence = 0.0001,
                                       .step_seconds_per_kv_token = 1.2e-7,
                                       .device_kv_tokens = 122'000,
                                       .host_load_seconds_per_token = 1.02e-5,
                                       .context_tokens_max = 32'768}};
  for (const ModelShape& model : model_shapes()) {
    for (const DeviceRates& device : device_rates()) {
      all.push_back(roofline(model, device, devices_needed(model, device)));
    }
  }
  return all;
}

}  // namespace

std::span<const InstanceProfile> profiles() {
  static const std::vector<InstanceProfile> all = built_in_profiles();
  return all;
}

Result<InstanceProfile> find_profile(std::string_view name) {
  const auto found = std::ranges::find(profiles(), name, &InstanceProfile::name);
  if (found != profiles().end()) return *found;
  std::vector<std::string_view> known;
  std::vector<std::string_view> begin_so;
  for (const InstanceProfile& profile : profiles()) {
    known.push_back(profile.name);
    if (profile.name.starts_with(name)) begin_so.push_back(profile.name);
  }
  // Who leaves out the end, -uncalibrated say, means these rather than one of like letters.
  const std::string hint = name.empty() || begin_so.empty()
                               ? hint_at(name, known)
                               : " (did you mean " + join_names(begin_so) + "?)";
  return invalid(
      "profile: expected a file that ends in .json or a name of `ringmaster profile list`, "
      "found \"" +
      std::string(name) + '"' + hint);
}

}  // namespace ringmaster::engine
