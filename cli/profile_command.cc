#include "cli/profile_command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/profile_file.h"
#include "engine/simulated/profile_json.h"
#include "sim/text_table.h"

namespace ringmaster {
namespace {

int list_profiles() {
  std::vector<std::vector<std::string>> rows = {{"profile", "prefill us/token", "step ms",
                                                 "weights ms", "device KV tokens",
                                                 "prompts cut to"}};
  for (const engine::InstanceProfile& profile : engine::profiles()) {
    rows.push_back({profile.name, sim::fixed_decimals(profile.prefill_seconds_per_token * 1e6, 1),
                    sim::fixed_decimals(profile.step_seconds * 1e3, 1),
                    sim::fixed_decimals(profile.weights_seconds * 1e3, 1),
                    std::to_string(profile.device_kv_tokens),
                    std::to_string(profile.prompt_tokens_max)});
  }
  std::fputs(sim::align_columns(rows, 1).c_str(), stdout);
  return 0;
}

int show_profile(const std::string& name_or_file) {
  const auto profile = load_profile(name_or_file);
  if (!profile) {
    std::fprintf(stderr, "ringmaster: %s\n", profile.error().message.c_str());
    return 2;
  }
  std::fputs(engine::to_json(*profile).c_str(), stdout);
  return 0;
}

}  // namespace

void add_profile_command(CLI::App& app, int& exit_code) {
  auto* profile =
      app.add_subcommand("profile", "What a model on a device costs: list, show or check profiles");
  profile->require_subcommand(1);
  auto* list = profile->add_subcommand("list", "The built-in profiles, one a line");
  list->footer(
      "Names that end in -uncalibrated are estimates from data sheets: nothing was measured.\n"
      "Example:\n  ringmaster profile list");
  list->callback([&exit_code] { exit_code = list_profiles(); });

  auto name = std::make_shared<std::string>();
  auto* show = profile->add_subcommand("show", "Check a profile and print it as a JSON file");
  show->add_option("profile", *name, "Name, or a file that ends in .json")->required();
  show->footer(
      "Example:\n  ringmaster profile show qwen2.5-7b@h200-uncalibrated > mine.json\n"
      "  ringmaster sim --trace conversation_trace.jsonl --model engine --profile mine.json --qps "
      "8");
  show->callback([name, &exit_code] { exit_code = show_profile(*name); });
}

}  // namespace ringmaster
