#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "tokens/jinja/token.h"

namespace ringmaster::jinja {

/// Cuts a template into tokens, ended by one of kind kEnd.
///
/// White space as chat models' templates expect it: trim_blocks and lstrip_blocks are on, one line
/// break at the end of the source is dropped, line breaks of all kinds become \n.
/// Fails with kInvalidArgument: "<name>:<line>: <what was expected>".
[[nodiscard]] Result<std::vector<Token>> lex(std::string_view source, std::string_view name);

}  // namespace ringmaster::jinja
