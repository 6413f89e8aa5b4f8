#include "cli/engine_flags.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/known_names.h"

namespace ringmaster {
namespace {

/// Headings of --help. One that ends in the name of a device is a condition, too.
constexpr auto kGeneral = "Engine";
constexpr auto kMemory = "KV cache";
constexpr auto kOnlyCpu = "Only with --device cpu";
constexpr auto kOnlyCuda = "Only with --device cuda";
constexpr auto kOnlySim = "Only with --device sim";
constexpr std::string_view kOnly = "Only with --device ";

// Ranges are those of the keys in the file, where there is one.
constexpr std::int32_t kTokensMax = 1'000'000'000;

template <class T>
void overwrite(T& setting, const std::optional<T>& flag) {
  if (flag) setting = *flag;
}

void add_general_flags(CLI::App& command, EngineFlags& flags) {
  command.add_option("--max-num-seqs", flags.batch_requests, "Sequences that run at once")
      ->check(CLI::Range(1, 65'536))
      ->group(kGeneral);
  command
      .add_option("--token-budget", flags.batch_tokens,
                  "Tokens of one step, prefill and decode together")
      ->check(CLI::Range(1, 1'000'000))
      ->group(kGeneral);
  command.add_option("--waiting-max", flags.waiting, "Requests that may wait; beyond it 429")
      ->check(CLI::Range(1, 1'000'000))
      ->group(kGeneral);
  command
      .add_option("--context-tokens-max", flags.context_tokens,
                  "Longest prompt and output together; the model's by default")
      ->check(CLI::Range(0, kTokensMax))
      ->group(kGeneral);
  command
      .add_option("--default-output-tokens", flags.output_default,
                  "Of chats that give no limit; 0: the whole context (128 with --device sim)")
      ->check(CLI::Range(0, kTokensMax))
      ->group(kGeneral);
  command.add_option("--seed", flags.seed, "Of requests that bring none")->group(kGeneral);
  command.add_option("--io-threads", flags.io_threads, "For HTTP and tokenizing")
      ->check(CLI::Range(1, 256))
      ->group(kGeneral);
}

void add_memory_flags(CLI::App& command, EngineFlags& flags) {
  const CLI::Range at_least_one(1, kTokensMax);
  command.add_option("--block-tokens", flags.block_tokens, "Tokens of a KV block")
      ->check(CLI::Range(1, 1024))
      ->group(kMemory);
  command.add_option("--kv-cache-tokens", flags.kv_tokens, "Size of the KV cache in tokens")
      ->check(CLI::Range(16, kTokensMax))
      ->group(kMemory);
  command.add_option("--kv-blocks", flags.device.kv_blocks, "The same in blocks")
      ->check(at_least_one)
      ->group(kMemory);
  command
      .add_option("--host-memory", flags.device.host_kv_bytes,
                  "Host memory for blocks that leave the device's KV cache, as in 16GB; none by "
                  "default, not with sim")
      ->transform(CLI::AsSizeValue(false))
      ->group(kMemory);
  command.add_option("--host-kv-blocks", flags.device.host_kv_blocks, "The same in blocks")
      ->check(at_least_one)
      ->group(kMemory);
  command.add_flag("--no-prefix-cache", flags.no_prefix_cache, "Compute every prompt whole")
      ->group(kMemory);
}

void add_cpu_flags(CLI::App& command, EngineFlags& flags) {
  command.add_option("--threads", flags.threads, "That compute; 0: all cores but one")
      ->check(CLI::Range(0, 1024))
      ->group(kOnlyCpu);
  command.add_option("--memory", flags.device.kv_bytes, "Size of the KV cache, as in 256MB")
      ->transform(CLI::AsSizeValue(false))
      ->group(kOnlyCpu);
}

void add_gpu_memory_flags(CLI::App& command, EngineFlags& flags) {
  command
      .add_option("--memory-utilization", flags.memory_utilization,
                  "Share of the GPU's memory for weights, work and KV cache")
      ->check(CLI::Range(0.01, 1.0))
      ->group(kOnlyCuda);
  command
      .add_option("--kv-cache-type", flags.device.kv_cache_type,
                  "bf16, or e4m3: FP8 with a scale for each token and head, half the memory")
      ->check(CLI::IsMember({"bf16", "e4m3"}))
      ->group(kOnlyCuda);
  command
      .add_option("--kv-error-max", flags.device.kv_error_max,
                  "How far e4m3 may move log-probabilities; compared with bf16 at the start")
      ->check(CLI::Range(1e-6, 1e3))
      ->capture_default_str()
      ->group(kOnlyCuda);
}

void add_gpu_flags(CLI::App& command, EngineFlags& flags) {
  command
      .add_flag("--deterministic", flags.device.is_deterministic,
                "What else is in a step changes no bit, at some cost of speed")
      ->group(kOnlyCuda);
  command
      .add_option("--gpu", flags.device.gpu,
                  "Which one, or the first of several, as the driver counts them")
      ->check(CLI::Range(0, 1023))
      ->capture_default_str()
      ->group(kOnlyCuda);
  command.add_option("--tensor-parallel", flags.device.gpus, "So many GPUs share the model out")
      ->check(CLI::Range(1, 64))
      ->group(kOnlyCuda);
  command
      .add_flag("--overlap-launches", flags.device.overlaps_launches,
                "Programmatic dependent launch of kernels, from compute capability 9.0 on")
      ->group(kOnlyCuda);
  command
      .add_option("--prefill-kernel", flags.device.prefill_kernel,
                  "mma, or wgmma, which wants an H100 or H200, heads of 64 or 128 and a bf16 cache")
      ->check(CLI::IsMember({"mma", "wgmma"}))
      ->group(kOnlyCuda);
}

void add_sim_flags(CLI::App& command, EngineFlags& flags) {
  command
      .add_option("--sim-profile", flags.device.sim_profile,
                  "Model and device whose step times are taken, or a file that ends in .json; "
                  "`ringmaster profile list`")
      ->group(kOnlySim);
  command.add_option("--sim-speed", flags.device.sim_speed, "Simulated seconds in a real one")
      ->check(CLI::Range(0.001, 1e6))
      ->group(kOnlySim);
}

Status check_device(const EngineFlags& flags, const EngineSettings& settings) {
  constexpr std::array<std::string_view, 3> kDevices{"cpu", "cuda", "sim"};
  const std::string& device = settings.device;
  if (std::ranges::find(kDevices, device) == kDevices.end()) {
    return invalid("--device: " + expected_one_of(kDevices, device));
  }
  for (const CLI::Option* option : flags.declared) {
    const std::string& heading = option->get_group();
    if (option->count() == 0 || !heading.starts_with(kOnly)) continue;
    // The device is the heading's next word; what follows a comma is for the reader.
    const std::string wanted = heading.substr(kOnly.size(), heading.find(',') - kOnly.size());
    if (wanted != device) {
      return invalid(option->get_name() + ": expected --device " + wanted + " beside it");
    }
  }
  if (flags.device.host_kv_blocks == 0 && flags.device.host_kv_bytes == 0) return {};
  constexpr auto kHostTier = "--host-kv-blocks, --host-memory: ";
  if (device == "sim") return invalid(std::string(kHostTier) + "--device sim has no host tier");
  if (!settings.prefix_cache) {
    return invalid(std::string(kHostTier) + "without the prefix cache nothing goes there");
  }
  return {};
}

}  // namespace

void add_engine_flags(CLI::App& command, EngineFlags& flags) {
  const auto before = static_cast<std::ptrdiff_t>(command.get_options().size());
  add_general_flags(command, flags);
  add_memory_flags(command, flags);
  add_cpu_flags(command, flags);
  add_gpu_memory_flags(command, flags);
  add_gpu_flags(command, flags);
  add_sim_flags(command, flags);
  const auto all = command.get_options();
  flags.declared.assign(all.begin() + before, all.end());
}

Status apply_engine_flags(const EngineFlags& flags, EngineProcessOptions& options) {
  EngineSettings& settings = options.settings;
  overwrite(settings.batch_requests_max, flags.batch_requests);
  overwrite(settings.batch_tokens_max, flags.batch_tokens);
  overwrite(settings.block_tokens, flags.block_tokens);
  overwrite(settings.kv_cache_tokens, flags.kv_tokens);
  overwrite(settings.context_tokens_max, flags.context_tokens);
  overwrite(settings.waiting_requests_max, flags.waiting);
  overwrite(settings.threads, flags.threads);
  overwrite(settings.seed, flags.seed);
  if (flags.no_prefix_cache) settings.prefix_cache = false;
  options.device = flags.device;
  overwrite(options.device.memory_utilization, flags.memory_utilization);
  if (flags.kv_tokens && options.device.kv_blocks == 0 && options.device.kv_bytes == 0) {
    // What a key of the file only proposes: a GPU's memory and a profile would go before that.
    options.device.kv_blocks = std::max(1, settings.kv_cache_tokens / settings.block_tokens);
  }
  // A simulated model never ends an output by itself.
  options.output_tokens_default = flags.output_default.value_or(settings.device == "sim" ? 128 : 0);
  options.io_threads = flags.io_threads;
  return check_device(flags, settings);
}

std::vector<std::string> given_engine_flags(const EngineFlags& flags) {
  std::vector<std::string> given;
  for (const CLI::Option* option : flags.declared) {
    for (const std::string& value : option->results()) {
      given.push_back(option->get_name() + "=" + value);
    }
  }
  return given;
}

}  // namespace ringmaster
