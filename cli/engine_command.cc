#include "cli/engine_command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/engine_process.h"
#include "cli/text_file.h"

namespace ringmaster {
namespace {

/// Flags overwrite the file, so each remembers whether it was given.
struct EngineFlags {
  std::string config;
  std::optional<std::string> model;
  std::optional<std::string> listen;
  std::optional<std::string> device;
  std::optional<std::string> served_name;
  std::optional<std::int32_t> batch_requests;
  std::optional<std::int32_t> batch_tokens;
  std::optional<std::int32_t> block_tokens;
  std::optional<std::int32_t> kv_tokens;
  std::optional<std::int32_t> context_tokens;
  std::optional<std::uint32_t> waiting;
  std::optional<std::size_t> threads;
  std::optional<std::uint64_t> seed;
  std::optional<std::int32_t> output_default;
  bool no_prefix_cache = false;
  EngineProcessOptions process;
};

template <class T>
void overwrite(T& setting, const std::optional<T>& flag) {
  if (flag) setting = *flag;
}

void apply(const EngineFlags& flags, EngineSettings& settings) {
  if (!flags.process.device.sim_profile.empty() && flags.config.empty()) {
    settings.batch_tokens_max = 2048;  // What the profiles' batching model has.
    settings.batch_requests_max = 256;
  }
  if (flags.device == "cuda" && flags.config.empty()) {
    settings.batch_tokens_max = 8192;  // Fills a GPU's tensor cores, and bounds a step's time.
    settings.batch_requests_max = 256;
  }
  overwrite(settings.model, flags.model);
  overwrite(settings.listen, flags.listen);
  overwrite(settings.device, flags.device);
  overwrite(settings.served_name, flags.served_name);
  overwrite(settings.batch_requests_max, flags.batch_requests);
  overwrite(settings.batch_tokens_max, flags.batch_tokens);
  overwrite(settings.block_tokens, flags.block_tokens);
  overwrite(settings.kv_cache_tokens, flags.kv_tokens);
  overwrite(settings.context_tokens_max, flags.context_tokens);
  overwrite(settings.waiting_requests_max, flags.waiting);
  overwrite(settings.threads, flags.threads);
  overwrite(settings.seed, flags.seed);
  if (flags.no_prefix_cache) settings.prefix_cache = false;
}

int run(const EngineFlags& flags) {
  EngineProcessOptions options = flags.process;
  if (!flags.config.empty()) {
    const auto text = read_text_file(flags.config);
    if (!text) {
      std::fprintf(stderr, "ringmaster: %s\n", text.error().message.c_str());
      return 2;
    }
    auto settings = parse_engine_settings(*text, flags.config);
    if (!settings) {
      for (const std::string& problem : settings.error()) {
        std::fprintf(stderr, "%s\n", problem.c_str());
      }
      return 2;
    }
    options.settings = std::move(*settings);
  }
  apply(flags, options.settings);
  const EngineSettings& settings = options.settings;
  if (settings.device == "cuda" && flags.kv_tokens && options.device.kv_blocks == 0) {
    // Otherwise the cache of a GPU is what its memory leaves; see --memory-utilization.
    options.device.kv_blocks = std::max(1, settings.kv_cache_tokens / settings.block_tokens);
  }
  // A simulated model never ends an output by itself.
  const bool is_sim = options.settings.device == "sim";
  options.output_tokens_default = flags.output_default.value_or(is_sim ? 128 : 0);
  return run_engine_process(options);
}

void add_model_flags(CLI::App& command, EngineFlags& flags) {
  command.add_option("-c,--config", flags.config, "YAML file; flags go before what it says");
  command.add_option("--model", flags.model,
                     "Folder with config.json, *.safetensors and tokenizer.json");
  command.add_option("--served-name", flags.served_name,
                     "Name that clients ask for; the folder's by default");
  command.add_option("--listen", flags.listen, "host:port; port 0 takes a free one");
  command.add_option("--device", flags.device,
                     "cpu or cuda compute, sim only takes the time (and needs no model)");
  command.add_option("--threads", flags.threads, "Of the cpu device; 0: all cores but one");
  command.add_option("--seed", flags.seed, "Of requests that bring none");
}

void add_memory_flags(CLI::App& command, EngineFlags& flags) {
  const CLI::Range at_least_one(1, 1'000'000'000);
  command.add_option("--block-tokens", flags.block_tokens, "Tokens of a KV block")
      ->check(CLI::Range(1, 1024));
  command.add_option("--kv-cache-tokens", flags.kv_tokens, "Size of the KV cache in tokens")
      ->check(at_least_one);
  command.add_option("--kv-blocks", flags.process.device.kv_blocks, "The same in blocks")
      ->check(at_least_one);
  command
      .add_option("--memory", flags.process.device.kv_bytes,
                  "The same in bytes, as in 256MB; cpu only")
      ->transform(CLI::AsSizeValue(false));
  command
      .add_option(
          "--kv-cache-type", flags.process.device.kv_cache_type,
          "bf16, or e4m3: FP8 with a scale for each token and head, half the memory; cuda only")
      ->check(CLI::IsMember({"bf16", "e4m3"}));
  command
      .add_option("--kv-error-max", flags.process.device.kv_error_max,
                  "How far e4m3 may move log-probabilities; compared with bf16 at the start")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command
      .add_option("--host-memory", flags.process.device.host_kv_bytes,
                  "Host memory for blocks that leave the device's KV cache, as in 16GB; none by "
                  "default, not with sim")
      ->transform(CLI::AsSizeValue(false));
  command.add_option("--host-kv-blocks", flags.process.device.host_kv_blocks, "The same in blocks")
      ->check(at_least_one);
  command
      .add_option("--memory-utilization", flags.process.device.memory_utilization,
                  "Share of a GPU's memory for weights, work and KV cache; cuda only")
      ->check(CLI::Range(0.01, 1.0));
  command.add_option("--context-tokens-max", flags.context_tokens,
                     "Longest prompt and output together; the model's by default");
  command.add_flag("--no-prefix-cache", flags.no_prefix_cache, "Compute every prompt whole");
}

void add_batch_flags(CLI::App& command, EngineFlags& flags) {
  command.add_option("--max-num-seqs", flags.batch_requests, "Sequences that run at once")
      ->check(CLI::Range(1, 65'536));
  command
      .add_option("--token-budget", flags.batch_tokens,
                  "Tokens of one step, prefill and decode together")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--waiting-max", flags.waiting, "Requests that may wait; beyond it 429")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--default-output-tokens", flags.output_default,
                     "Of chats that give no limit; 0: the whole context (128 with --device sim)");
}

}  // namespace

void add_engine_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<EngineFlags>();
  auto* command = app.add_subcommand("engine", "Serve one model by the OpenAI API");
  add_model_flags(*command, *flags);
  add_memory_flags(*command, *flags);
  add_batch_flags(*command, *flags);
  EngineProcessOptions& process = flags->process;
  command->add_option("--sim-profile", process.device.sim_profile,
                      "Model and device whose step times are taken, or a file that ends in .json; "
                      "`ringmaster profile list`");
  command->add_option("--sim-speed", process.device.sim_speed, "Simulated seconds in a real one")
      ->check(CLI::Range(0.001, 1e6));
  command
      ->add_option("--tensor-parallel", process.device.gpus,
                   "So many GPUs share the model out; cuda only, has never run on a card")
      ->check(CLI::Range(1, 64));
  command->add_flag("--deterministic", process.device.is_deterministic,
                    "On a GPU: what else is in a step changes no bit, at some cost of speed");
  command->add_flag("--overlap-launches", process.device.overlaps_launches,
                    "On a GPU of compute capability 9.0 or later: programmatic dependent launch of "
                    "kernels; has never run on a card");
  command
      ->add_option("--prefill-kernel", process.device.prefill_kernel,
                   "On a GPU: mma, or wgmma, which wants an H100 or H200, heads of 64 or 128 and a "
                   "bf16 cache, and has never run on a card")
      ->check(CLI::IsMember({"mma", "wgmma"}));
  command->add_option("--io-threads", process.io_threads, "For HTTP and tokenizing")
      ->check(CLI::Range(1, 256));
  command->add_flag("--json", process.is_json, "Say {\"url\",\"pid\",\"model\"} when ready");
  command->add_flag("--end-with-parent", process.ends_with_parent,
                    "End, as by SIGTERM, when the process that started this one ends");
  command->footer(
      "Examples:\n  ringmaster model make-tiny /tmp/tiny\n"
      "  ringmaster engine --model /tmp/tiny --listen 127.0.0.1:9101\n"
      "  ringmaster engine --device sim --sim-profile qwen2.5-7b@910b4 --listen 127.0.0.1:0 "
      "--json");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace ringmaster
