#pragma once

#include <string_view>

#include "base/result.h"
#include "engine_adapters/engine_adapter.h"

namespace ringmaster {

/// Reads the bundled engine's answer to GET /load:
/// {"running","waiting","queued_prefill_tokens","kv_usage","block_tokens"}, each optional.
/// Fails with kInvalidArgument and the field that has the wrong type or range.
[[nodiscard]] Result<EngineReport> parse_load_report(std::string_view json);

}  // namespace ringmaster
