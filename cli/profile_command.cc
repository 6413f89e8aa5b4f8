#include "cli/profile_command.h"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/profile_file.h"
#include "cli/text_file.h"
#include "engine/simulated/profile_fit.h"
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
  if (!profile) return complain(profile.error());
  std::fputs(engine::to_json(*profile).c_str(), stdout);
  return 0;
}

struct FitFlags {
  std::string file;
  engine::FitLabels labels;
};

int fit_steps(const FitFlags& flags) {
  const auto text = read_text_file(flags.file);
  const auto steps = text ? engine::parse_measured_steps(*text, flags.file)
                          : Result<engine::MeasuredSteps>(tl::unexpected(text.error()));
  auto profile = steps ? engine::fit_profile(*steps, flags.labels)
                       : Result<engine::InstanceProfile>(tl::unexpected(steps.error()));
  if (!profile) return complain(profile.error());
  std::fputs(engine::to_json(*profile).c_str(), stdout);
  const engine::ProfileFit& fit = *profile->fit;
  std::fprintf(stderr,
               "%llu steps fitted; on %llu others off by %.1f %% on average, %.1f %% at p90, %.1f "
               "%% at most\n",
               static_cast<unsigned long long>(fit.fitted_steps),
               static_cast<unsigned long long>(fit.held_out_steps), fit.error_mean * 100,
               fit.error_p90 * 100, fit.error_max * 100);
  return 0;
}

void add_fit_command(CLI::App& profile, int& exit_code) {
  auto flags = std::make_shared<FitFlags>();
  auto* fit = profile.add_subcommand("fit", "Fit a profile to measured steps and print it as JSON");
  fit->add_option("steps", flags->file, "CSV that scripts/gpu-check calibrate writes")->required();
  fit->add_option("--name", flags->labels.name, "Of the profile, as qwen2.5-7b@h200")->required();
  fit->add_option("--date", flags->labels.date, "Of the measurement, as 2026-01-31")->required();
  fit->add_option("--command", flags->labels.command, "That measures and fits again")
      ->default_val("scripts/gpu-check calibrate");
  fit->footer(
      "Example:\n  ringmaster profile fit steps.csv --name qwen2.5-7b@h200 --date 2026-01-31 > "
      "h200.json");
  fit->callback([flags, &exit_code] { exit_code = fit_steps(*flags); });
}

}  // namespace

void add_profile_command(CLI::App& app, int& exit_code) {
  auto* profile = app.add_subcommand(
      "profile", "What a model on a device costs: list, show, check or fit profiles");
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
  add_fit_command(*profile, exit_code);
}

}  // namespace ringmaster
