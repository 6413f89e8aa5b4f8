#pragma once

#include <cstddef>
#include <cstdint>

#include "cli/engine_device.h"
#include "settings/engine_settings.h"

namespace ringmaster {

struct EngineProcessOptions {
  EngineSettings settings;
  DeviceOptions device;
  std::int32_t output_tokens_default = 0;  ///< Of chats without a limit; 0: the whole context.
  std::size_t io_threads = 1;
  bool is_json = false;           ///< The ready line is {"url","pid"}.
  bool ends_with_parent = false;  ///< As by SIGTERM, when the parent process ends.
};

/// Serves until SIGINT or SIGTERM, then drains. Returns the exit code; failures have been printed
/// as one line on standard error.
[[nodiscard]] int run_engine_process(const EngineProcessOptions& options);

}  // namespace ringmaster
