#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "sim/trace.h"

namespace ringmaster {

/// Reads and parses a trace; "-" is standard input. Says on standard error which fields of it have
/// no meaning here. Fails as read_text_file() and sim::parse_trace() do.
[[nodiscard]] Result<sim::Trace> load_trace(const std::string& path);

/// The last part of a path: how a trace is called in results.
[[nodiscard]] std::string trace_name(std::string_view path);

}  // namespace ringmaster
