#pragma once

#include <string_view>

#include "base/result.h"
#include "engine_adapters/engine_adapter.h"

namespace ringmaster {

/// The adapter of this name; it lives as long as the program. Fails with kInvalidArgument and the
/// names that are known.
[[nodiscard]] Result<const EngineAdapter*> find_adapter(std::string_view name);

}  // namespace ringmaster
