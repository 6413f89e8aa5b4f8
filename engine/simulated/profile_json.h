#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "engine/simulated/instance_profile.h"

namespace ringmaster::engine {

/// Reads the JSON file of a profile: one object whose keys are the fields of InstanceProfile, with
/// those of ProfileFit under "fit". Required: name, prefill_seconds_per_token, device_kv_tokens,
/// context_tokens_max. kv_cache_tokens is device_kv_tokens if absent, prompt_tokens_max what the
/// context and the device leave beside 2,048 tokens of output, other durations 0. Without a fit the
/// name gets kUncalibrated at its end, unless it has it.
///
/// Fails with kInvalidArgument, "file: key: what was expected": no JSON object, a key that is
/// unknown, repeated, missing or of another type, a number out of its range.
[[nodiscard]] Result<InstanceProfile> parse_profile(std::string_view text, std::string_view file);

/// The same file, one key a line; parse_profile() reads back an equal profile.
[[nodiscard]] std::string to_json(const InstanceProfile& profile);

}  // namespace ringmaster::engine
