#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ringmaster {

/// One entry of an engine's GET /v1/models.
struct ModelCard {
  std::string id;
  std::string json;  ///< The object as the engine wrote it.
};

/// Reads {"object":"list","data":[{"id":...},...]}. Fails with kInvalidArgument and what is
/// missing. At most 1,000 entries are kept.
[[nodiscard]] Result<std::vector<ModelCard>> parse_model_list(std::string_view json);

}  // namespace ringmaster
