#include "cli/engine_command.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "cli/engine_flags.h"
#include "cli/text_file.h"
#include "settings/addresses.h"

namespace ringmaster {
namespace {

/// Flags overwrite the file, so each remembers whether it was given.
struct EngineCommandFlags {
  std::string config;
  std::optional<std::string> model;
  std::optional<std::string> listen;
  std::optional<std::string> device;
  std::optional<std::string> served_name;
  EngineFlags engine;
  bool is_json = false;
  bool ends_with_parent = false;
};

template <class T>
void overwrite(T& setting, const std::optional<T>& flag) {
  if (flag) setting = *flag;
}

EngineSettings settings_without_file(const EngineCommandFlags& flags) {
  EngineSettings settings;
  if (!flags.engine.device.sim_profile.empty()) {
    settings.batch_tokens_max = 2048;  // What the profiles' batching model has.
    settings.batch_requests_max = 256;
  }
  if (flags.device == "cuda") {
    settings.batch_tokens_max = 8192;  // Fills a GPU's tensor cores, and bounds a step's time.
    settings.batch_requests_max = 256;
  }
  return settings;
}

int report(const std::string& message) {
  std::fprintf(stderr, "ringmaster: %s\n", message.c_str());
  return 2;
}

int run(const EngineCommandFlags& flags) {
  EngineProcessOptions options{.settings = settings_without_file(flags),
                               .is_json = flags.is_json,
                               .ends_with_parent = flags.ends_with_parent};
  if (!flags.config.empty()) {
    const auto text = read_text_file(flags.config);
    if (!text) return report(text.error().message);
    auto settings = parse_engine_settings(*text, flags.config);
    if (!settings) {
      for (const std::string& problem : settings.error()) {
        std::fprintf(stderr, "%s\n", problem.c_str());
      }
      return 2;
    }
    options.settings = std::move(*settings);
  }
  if (flags.listen && !is_listen_address(*flags.listen)) {
    return report("--listen: expected host:port or [address]:port, found \"" + *flags.listen + '"');
  }
  overwrite(options.settings.model, flags.model);
  overwrite(options.settings.listen, flags.listen);
  overwrite(options.settings.device, flags.device);
  overwrite(options.settings.served_name, flags.served_name);
  const Status applied = apply_engine_flags(flags.engine, options);
  return applied ? run_engine_process(options) : report(applied.error().message);
}

void add_service_flags(CLI::App& command, EngineCommandFlags& flags) {
  command.add_option("-c,--config", flags.config, "YAML file; flags go before what it says");
  command.add_option("--model", flags.model,
                     "Folder with config.json, *.safetensors and tokenizer.json");
  command.add_option("--served-name", flags.served_name,
                     "Name that clients ask for; the folder's by default");
  command.add_option("--listen", flags.listen, "host:port; port 0 takes a free one");
  command.add_option("--device", flags.device,
                     "cpu or cuda compute (cuda has never run on a card), sim only takes the time "
                     "and needs no model");
  command.add_flag("--json", flags.is_json, "Say {\"url\",\"pid\",\"model\"} when ready");
  command.add_flag("--end-with-parent", flags.ends_with_parent,
                   "End, as by SIGTERM, when the process that started this one ends");
}

}  // namespace

void add_engine_command(CLI::App& app, int& exit_code) {
  auto flags = std::make_shared<EngineCommandFlags>();
  auto* command = app.add_subcommand("engine", "Serve one model by the OpenAI API");
  add_service_flags(*command, *flags);
  add_engine_flags(*command, flags->engine);
  command->footer(
      "Examples:\n  ringmaster model make-tiny /tmp/tiny\n"
      "  ringmaster engine --model /tmp/tiny --listen 127.0.0.1:9101\n"
      "  ringmaster engine --device sim --sim-profile qwen2.5-7b@910b4 --listen 127.0.0.1:0 "
      "--json");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace ringmaster
