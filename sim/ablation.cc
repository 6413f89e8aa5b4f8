#include "sim/ablation.h"

#include <string_view>

#include "base/check.h"
#include "base/json_writer.h"
#include "base/known_names.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

std::span<const PolicyPart> parts_of(const RunOptions& options) {
  return policy_parts(options.simulation.scheduler.policy.name);
}

RunOptions without(const PolicyPart& part, const RunOptions& whole) {
  RunOptions options = whole;
  SchedulerOptions& scheduler = options.simulation.scheduler;
  if (!part.option.empty()) {
    auto& of_policy = scheduler.policy.options;
    std::erase_if(of_policy, [&part](const auto& option) { return option.first == part.option; });
    of_policy.emplace_back(part.option, part.off);
  }
  if (part.queue) scheduler.queue = part.queue;
  if (part.rebalancing) scheduler.rebalancing = part.rebalancing;
  if (part.window_requests) scheduler.dispatch_window_requests = part.window_requests;
  return options;
}

/// Of the goodput; absent where there is none to compare with.
std::optional<double> change(const Ablation& ablation, const RunReport& without) {
  if (ablation.whole.goodput_qps.value_or(0.0) == 0.0) return std::nullopt;
  return *without.goodput_qps / *ablation.whole.goodput_qps - 1.0;
}

std::string percent(std::optional<double> share) {
  if (!share) return "-";
  return (*share > 0 ? "+" : "") + fixed_decimals(100.0 * *share, 1) + " %";
}

std::string to_json(const Ablation& ablation, const PolicyPart& part, const RunReport& without) {
  JsonWriter json;
  json.begin_object();
  json.member("trace", ablation.whole.options.trace);
  json.member("policy", ablation.whole.options.policy);
  json.member("setting", ablation.whole.options.setting);
  json.member("profile", ablation.whole.options.simulation.profile.name);
  json.member("model", name_of(ablation.whole.options.simulation.model));
  json.member("instances", ablation.whole.options.simulation.instances);
  json.member("seed", ablation.whole.options.simulation.scheduler.seed);
  json.member("part", part.name);
  json.member("what", part.what);
  json.member("goodput_qps", ablation.whole.goodput_qps);
  json.member("goodput_qps_without", without.goodput_qps);
  json.member("change", change(ablation, without));
  json.member("ttft_p90_s", ablation.whole.metrics.ttft_p90_s);
  json.member("ttft_p90_s_without", without.metrics.ttft_p90_s);
  return json.end_object().take();
}

}  // namespace

Result<std::vector<RunOptions>> without_each_part(const RunOptions& whole) {
  const auto parts = parts_of(whole);
  if (parts.empty()) {
    return invalid("ablate: expected a policy that describes its parts (" +
                   join_names(policies_with_parts()) + "), found \"" + whole.policy + "\"");
  }
  std::vector<RunOptions> runs = {whole};
  for (const PolicyPart& part : parts) runs.push_back(without(part, whole));
  return runs;
}

std::string to_json(std::span<const Ablation> ablations) {
  std::string text = "[";
  std::string_view separator = "\n";
  for (const Ablation& ablation : ablations) {
    const auto parts = parts_of(ablation.whole.options);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      text.append(separator).append(to_json(ablation, parts[i], ablation.without[i]));
      separator = ",\n";
    }
  }
  return text + "\n]\n";
}

std::string to_table(std::span<const Ablation> ablations) {
  std::vector<std::vector<std::string>> rows = {
      {"trace", "policy", "without", "seed", "goodput", "change", "p90"}};
  const auto add = [&rows](const RunReport& report, std::string_view part,
                           const std::string& shift) {
    rows.push_back({report.options.trace, report.options.policy, std::string(part),
                    std::to_string(report.options.simulation.scheduler.seed),
                    fixed_decimals(report.goodput_qps, 2), shift,
                    fixed_decimals(report.metrics.ttft_p90_s, 3)});
  };
  for (const Ablation& ablation : ablations) {
    add(ablation.whole, "(nothing)", "");
    const auto parts = parts_of(ablation.whole.options);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      add(ablation.without[i], parts[i].name, percent(change(ablation, ablation.without[i])));
    }
  }
  return align_columns(rows, 3);
}

std::string to_markdown(std::span<const Ablation> ablations) {
  if (ablations.empty()) return {};
  const auto parts = parts_of(ablations.front().whole.options);
  std::string heading = "| without | what it does |";
  std::string rule = "|---|---|";
  std::string whole = "| (nothing) | |";
  for (const Ablation& ablation : ablations) {
    RINGMASTER_CHECK(parts_of(ablation.whole.options).data() == parts.data());
    const RunOptions& options = ablation.whole.options;
    heading += " " + options.trace + ", " + std::string(options.simulation.profile.name) + ", " +
               std::string(name_of(options.simulation.model)) + " |";
    rule += "---|";
    whole += " " + fixed_decimals(ablation.whole.goodput_qps, 2) + " |";
  }
  std::string text = heading + "\n" + rule + "\n" + whole + "\n";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += "| " + std::string(parts[i].name) + " | " + std::string(parts[i].what) + " |";
    for (const Ablation& ablation : ablations) {
      const RunReport& without = ablation.without[i];
      text += " " + fixed_decimals(without.goodput_qps, 2) + " (" +
              percent(change(ablation, without)) + ") |";
    }
    text += "\n";
  }
  return text;
}

}  // namespace ringmaster::sim
