#include "sim/ablation.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/check.h"
#include "base/json_writer.h"
#include "base/known_names.h"
#include "sim/mean_interval.h"
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

/// The ablations of one policy on one trace, one a seed.
using Seeds = std::vector<const Ablation*>;

std::vector<Seeds> by_policy(std::span<const Ablation> ablations) {
  std::vector<Seeds> groups;
  for (const Ablation& ablation : ablations) {
    const auto group = std::ranges::find_if(groups, [&](const Seeds& seeds) {
      const RunOptions& options = seeds.front()->whole.options;
      return options.trace == ablation.whole.options.trace &&
             options.policy == ablation.whole.options.policy;
    });
    if (group == groups.end()) {
      groups.push_back({&ablation});
    } else {
      group->push_back(&ablation);
    }
  }
  return groups;
}

constexpr std::size_t kNothing = std::size_t(-1);  // In place of a part: the whole.

const RunReport& report_of(const Ablation& ablation, std::size_t part) {
  return part == kNothing ? ablation.whole : ablation.without[part];
}

double goodput_of(const Seeds& seeds, std::size_t part) {
  std::vector<double> values;
  for (const Ablation* one : seeds) values.push_back(*report_of(*one, part).goodput_qps);
  return independent_mean(values).mean;
}

/// Absent where it is for a seed.
std::optional<double> p90_of(const Seeds& seeds, std::size_t part) {
  std::vector<double> values;
  for (const Ablation* one : seeds) {
    const auto& value = report_of(*one, part).metrics.ttft_p90_s;
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return independent_mean(values).mean;
}

/// Of the goodput, paired by seed; absent where there is none to compare with.
std::optional<MeanWithInterval> change(const Seeds& seeds, std::size_t part) {
  std::vector<double> values;
  for (const Ablation* one : seeds) {
    if (*one->whole.goodput_qps == 0.0) continue;
    values.push_back(*one->without[part].goodput_qps / *one->whole.goodput_qps - 1.0);
  }
  if (values.empty()) return std::nullopt;
  return independent_mean(values);
}

std::string percent(double share) {
  return (share > 0 ? "+" : "") + fixed_decimals(100.0 * share, 1);
}

/// "-2.1 %", "-2.1 ± 0.8 %".
std::string in_words(const std::optional<MeanWithInterval>& change) {
  if (!change) return "-";
  std::string text = percent(change->mean);
  if (change->half_width) text += " ± " + fixed_decimals(100.0 * *change->half_width, 1);
  return text + " %";
}

std::string to_json(const Seeds& seeds, const PolicyPart& part, std::size_t place) {
  const RunOptions& options = seeds.front()->whole.options;
  const auto shift = change(seeds, place);
  JsonWriter json;
  json.begin_object();
  json.member("trace", options.trace);
  json.member("policy", options.policy);
  json.member("setting", options.setting);
  json.member("profile", options.simulation.profile.name);
  json.member("model", name_of(options.simulation.model));
  json.member("instances", options.simulation.instances);
  json.key("seeds").begin_array();
  for (const Ablation* one : seeds) json.value(one->whole.options.simulation.scheduler.seed);
  json.end_array();
  json.member("part", part.name);
  json.member("what", part.what);
  json.member("goodput_qps", goodput_of(seeds, kNothing));
  json.member("goodput_qps_without", goodput_of(seeds, place));
  json.member("change", shift ? std::optional(shift->mean) : std::nullopt);
  json.member("change_half_width", shift ? shift->half_width : std::nullopt);
  json.member("ttft_p90_s", p90_of(seeds, kNothing));
  json.member("ttft_p90_s_without", p90_of(seeds, place));
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
  for (const Seeds& seeds : by_policy(ablations)) {
    const auto parts = parts_of(seeds.front()->whole.options);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      text.append(separator).append(to_json(seeds, parts[i], i));
      separator = ",\n";
    }
  }
  return text + "\n]\n";
}

std::string to_table(std::span<const Ablation> ablations) {
  std::vector<std::vector<std::string>> rows = {
      {"trace", "policy", "without", "seeds", "goodput", "change", "p90"}};
  for (const Seeds& seeds : by_policy(ablations)) {
    const RunOptions& options = seeds.front()->whole.options;
    const auto add = [&](std::string_view part, std::size_t place, const std::string& shift) {
      rows.push_back({options.trace, options.policy, std::string(part),
                      std::to_string(seeds.size()), fixed_decimals(goodput_of(seeds, place), 2),
                      shift, fixed_decimals(p90_of(seeds, place), 3)});
    };
    add("(nothing)", kNothing, "");
    const auto parts = parts_of(options);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      add(parts[i].name, i, in_words(change(seeds, i)));
    }
  }
  return align_columns(rows, 3);
}

std::string to_markdown(std::span<const Ablation> ablations) {
  if (ablations.empty()) return {};
  const auto groups = by_policy(ablations);
  const auto parts = parts_of(ablations.front().whole.options);
  std::string heading = "| without | what it does |";
  std::string rule = "|---|---|";
  std::string whole = "| (nothing) | |";
  for (const Seeds& seeds : groups) {
    const RunOptions& options = seeds.front()->whole.options;
    RINGMASTER_CHECK(parts_of(options).data() == parts.data());
    heading += " " + options.trace + ", " + std::string(options.simulation.profile.name) + ", " +
               std::string(name_of(options.simulation.model)) + " |";
    rule += "---|";
    whole += " " + fixed_decimals(goodput_of(seeds, kNothing), 2) + " |";
  }
  std::string text = heading + "\n" + rule + "\n" + whole + "\n";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    text += "| " + std::string(parts[i].name) + " | " + std::string(parts[i].what) + " |";
    for (const Seeds& seeds : groups) {
      text +=
          " " + fixed_decimals(goodput_of(seeds, i), 2) + " (" + in_words(change(seeds, i)) + ") |";
    }
    text += "\n";
  }
  return text;
}

}  // namespace ringmaster::sim
