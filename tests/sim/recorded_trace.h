#pragma once

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "sim/trace.h"

namespace ringmaster::sim {

/// A recorded trace from the folder named by RINGMASTER_TRACES, or ../shared/traces beside the
/// repository. Nothing if it is not there; the traces are not part of the repository.
inline std::optional<Trace> recorded_trace(const std::string& file) {
  const char* folder = std::getenv("RINGMASTER_TRACES");
  const std::string path =
      (folder != nullptr ? std::string(folder) : RINGMASTER_SOURCE_DIR "/../shared/traces") + "/" +
      file;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return parse_trace(text, path).value();
}

}  // namespace ringmaster::sim

/// Skips the test, with the reason, where the trace is not to be had.
#define RINGMASTER_NEEDS_TRACE(trace)                                                     \
  if (!(trace)) {                                                                         \
    GTEST_SKIP() << "no recorded trace: set RINGMASTER_TRACES to the folder that has it"; \
  }
