#pragma once

#include <string>
#include <vector>

#include "settings/visitor.h"

namespace ringmaster {

// The list of keys in the forms that `ringmaster config` prints. Each ends with a newline.

[[nodiscard]] std::string keys_as_text(const std::vector<KeyDescription>& keys);

/// A table per section, as in docs/configuration.md.
[[nodiscard]] std::string keys_as_markdown(const std::vector<KeyDescription>& keys);

/// An array of {"key", "expected", "default", "required", "text"}.
[[nodiscard]] std::string keys_as_json(const std::vector<KeyDescription>& keys);

/// A JSON schema (draft 2020-12). Requires: sections stand before their keys.
[[nodiscard]] std::string keys_as_schema(const std::vector<KeyDescription>& keys);

}  // namespace ringmaster
