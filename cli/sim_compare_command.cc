#include "cli/sim_compare_command.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/command_error.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "sim/comparison.h"

namespace ringmaster {
namespace {

struct CompareFlags {
  std::string first;
  std::string second;
  std::optional<std::string> first_policy;
  std::optional<std::string> second_policy;
  std::string json;
};

Result<std::vector<sim::ResultPoint>> load_results(const std::string& file) {
  const auto text = read_text_file(file);
  if (!text) return tl::unexpected(text.error());
  return sim::parse_results(*text, file);
}

Status compare(const CompareFlags& flags) {
  const auto first = load_results(flags.first);
  if (!first) return tl::unexpected(first.error());
  const auto second = load_results(flags.second);
  if (!second) return tl::unexpected(second.error());
  auto comparison = sim::compare_results({flags.first, *first, flags.first_policy},
                                         {flags.second, *second, flags.second_policy});
  if (!comparison) return tl::unexpected(std::move(comparison).error().while_doing("sim compare"));
  if (comparison->unpaired_first + comparison->unpaired_second > 0) {
    std::fprintf(stderr, "ringmaster: points without a partner: %zu of %s, %zu of %s\n",
                 comparison->unpaired_first, flags.first.c_str(), comparison->unpaired_second,
                 flags.second.c_str());
  }
  if (!flags.json.empty()) {
    if (auto status = write_text(flags.json, sim::to_json(*comparison)); !status) return status;
  }
  if (flags.json != "-") std::fputs(sim::to_table(*comparison).c_str(), stdout);
  return {};
}

}  // namespace

void add_sim_compare(CLI::App& sim, int& exit_code) {
  auto flags = std::make_shared<CompareFlags>();
  auto* command = sim.add_subcommand("compare", "Compare two files of results, seed by seed");
  command->add_option("first", flags->first, "JSON of `ringmaster sim` or `sim goodput`")
      ->required();
  command
      ->add_option("second", flags->second,
                   "Another, or the same with --first-policy and --second-policy")
      ->required();
  command
      ->add_option("--first-policy", flags->first_policy,
                   "Policy of the first file [all, or the only]")
      ->type_name("POLICY");
  command->add_option("--second-policy", flags->second_policy, "Policy of the second file")
      ->type_name("POLICY");
  command->add_option("--json", flags->json, "Write JSON to FILE; - prints it instead of the table")
      ->type_name("FILE");
  command->footer(
      "Pairs points with the same trace, rate, fleet, setting, profile, model, arrivals and seed.\n"
      "Differences are second minus first; intervals are Student's t over the seeds.\n"
      "Examples:\n"
      "  ringmaster sim --trace t.jsonl --qps 4 --seed 1,2,3,4,5 --jitter 0.3 \\\n"
      "    --policy dualmap,ringmaster --json both.json\n"
      "  ringmaster sim compare both.json both.json \\\n"
      "    --first-policy dualmap --second-policy ringmaster");
  command->callback([flags, &exit_code] {
    const auto status = compare(*flags);
    exit_code = status ? 0 : complain(status.error());
  });
}

}  // namespace ringmaster
