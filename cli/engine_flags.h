#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/engine_process.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ringmaster {

/// What a command line says of an engine, or of each of several alike: not its name, its model or
/// where it listens. Flags overwrite a file, so most remember whether they were given.
struct EngineFlags {
  std::optional<std::int32_t> batch_requests;
  std::optional<std::int32_t> batch_tokens;
  std::optional<std::int32_t> block_tokens;
  std::optional<std::int32_t> kv_tokens;
  std::optional<std::int32_t> context_tokens;
  std::optional<std::uint32_t> waiting;
  std::optional<std::size_t> threads;
  std::optional<std::uint64_t> seed;
  std::optional<std::int32_t> output_default;
  std::optional<double> memory_utilization;
  bool no_prefix_cache = false;
  DeviceOptions device;
  std::size_t io_threads = 1;
  std::vector<const CLI::Option*> declared;  ///< By add_engine_flags(); they belong to its command.
};

/// Declares them. The command must outlive the reads of `flags.declared`.
void add_engine_flags(CLI::App& command, EngineFlags& flags);

/// Puts what was given over what `options` has, whose device is chosen. Fails with one line that
/// names a flag which that device cannot have.
[[nodiscard]] Status apply_engine_flags(const EngineFlags& flags, EngineProcessOptions& options);

/// Those that were given, as another command line takes them: "--name=value".
[[nodiscard]] std::vector<std::string> given_engine_flags(const EngineFlags& flags);

}  // namespace ringmaster
