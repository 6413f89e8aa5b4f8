#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"
#include "tokens/jinja/syntax.h"

namespace ringmaster::jinja {

/// Parses a whole template.
/// Fails with kInvalidArgument: "<name>:<line>: <what was expected>".
[[nodiscard]] Result<std::shared_ptr<const Template>> parse_template(std::string_view source,
                                                                     std::string_view name);

}  // namespace ringmaster::jinja
