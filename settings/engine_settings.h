#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include "settings/gateway_settings.h"
#include "settings/problems.h"

namespace ringmaster {

/// Time of one step of `device: sim`: base + prefill * prefill tokens + decode * sequences +
/// context * tokens of context read, all in seconds.
struct SimDeviceSettings {
  double step_base_seconds = 0.004;
  double prefill_seconds_per_token = 0.00016;
  double decode_seconds_per_sequence = 0.0002;
  double context_seconds_per_token = 0.0;
};

/// All of engine.yaml; the flags of `ringmaster engine` overwrite it. Every default is the one
/// documented in docs/configuration.md.
struct EngineSettings {
  std::string listen = "127.0.0.1:9101";
  std::string model;           ///< Folder with config.json and *.safetensors.
  std::string served_name;     ///< Empty: the folder's name.
  std::string device = "cpu";  ///< "cpu", "cuda" or "sim".
  std::size_t threads = 1;     ///< Of the CPU backend; 0: all cores but one.
  std::int32_t block_tokens = 16;
  std::int32_t kv_cache_tokens = 65'536;      ///< Size of the KV cache.
  std::int32_t context_tokens_max = 0;        ///< 0: what the model says.
  std::int32_t batch_requests_max = 64;       ///< Sequences of one step.
  std::int32_t batch_tokens_max = 256;        ///< Tokens of one step, prefill and decode.
  std::uint32_t waiting_requests_max = 1024;  ///< Beyond it: 429.
  bool prefix_cache = true;
  std::uint64_t seed = 42;  ///< Of requests that bring none.
  SimDeviceSettings sim;
  LimitSettings limits;
  DrainSettings drain;
  LogSettings log;
};

/// Reads and checks the text of a configuration file; `file` is its name in messages.
/// On failure returns every problem found, in file order.
[[nodiscard]] tl::expected<EngineSettings, SettingsProblems> parse_engine_settings(
    std::string_view text, std::string_view file);

}  // namespace ringmaster
