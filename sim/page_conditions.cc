#include "sim/page_conditions.h"

#include <cstddef>
#include <string_view>

#include "base/check.h"
#include "policies/published_form.h"
#include "sim/text_table.h"

namespace ringmaster::sim {
namespace {

std::string seconds(Duration duration) {
  std::string number = fixed_decimals(to_seconds(duration), 3);
  while (number.ends_with('0')) number.pop_back();
  if (number.ends_with('.')) number.pop_back();
  return number + " s";
}

std::string in_thousands(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

std::string warmup(const ArrivalOptions& arrivals) {
  if (arrivals.warmup_requests == 0) return "none";
  const std::string count = in_thousands(arrivals.warmup_requests) + " requests, not counted, ";
  if (arrivals.warmup_qps == 0) return count + "in the rhythm of the rest";
  return count + "at " + fixed_decimals(arrivals.warmup_qps, 2) + " requests/s";
}

std::string residency(const SimulationOptions& simulation) {
  if (simulation.residency == ResidencySource::kMirror) return "the gateway's own mirror";
  return "block events of the instances";
}

std::string model_text(ModelKind model) {
  const std::string name(name_of(model));
  switch (model) {
    case ModelKind::kSerial:
      return name + ": one prefill at a time, no decode";
    case ModelKind::kBatching:
      return name + ": steps that mix prefill and decode";
    case ModelKind::kEngine:
      return name + ": the bundled engine's own scheduler and blocks";
    case ModelKind::kTiered:
      return name + ": the bundled engine's own scheduler, blocks and host tier";
  }
  return name;
}

std::vector<std::string> assumptions_of(const SimulationOptions& simulation) {
  const InstanceProfile& profile = simulation.profile;
  std::vector<std::string> texts = {
      "The network, the gateway's own time and tokenization take no time."};
  if (profile.fit) {
    texts.push_back("The profile was fitted on " + profile.fit->device + ", " + profile.fit->date +
                    "; other devices differ.");
  } else if (profile.name.ends_with(engine::kUncalibrated)) {
    texts.emplace_back("The profile is a roofline: nothing of it was measured on a device.");
  } else {
    texts.emplace_back(
        "Prefill time, cache size and prompt limit are published figures, not measured here.");
  }
  if (simulation.peers && simulation.gateways > 1) {
    texts.emplace_back("But from one gateway to another a request takes " +
                       fixed_decimals(to_seconds(kForwardDelay) * 1e3, 0) + " ms: an estimate.");
  }
  if (simulation.model == ModelKind::kTiered) {
    texts.emplace_back(
        "Copies to host memory take no time, copies from it take nothing from the device; the rate "
        "of the link is an assumption.");
  }
  if (simulation.model == ModelKind::kSerial) {
    texts.emplace_back(
        "Decoding costs nothing: the time to the first token is waiting and prefill.");
  } else if (!profile.fit) {
    texts.emplace_back(
        "The cost of a step beside prefill, and the KV memory on the device, are assumptions.");
  }
  return texts;
}

std::string fleet_text(const SimulationOptions& simulation) {
  std::string text = in_thousands(simulation.instances) + " instances";
  text += simulation.fleet.empty() ? ", all alike" : ", of several kinds";
  if (!simulation.changes.empty()) text += "; some join, leave or fail";
  if (simulation.autoscaler) {
    text += "; scaled between " + std::to_string(simulation.autoscaler->instances_min) + " and " +
            std::to_string(simulation.autoscaler->instances_max);
  }
  return text;
}

}  // namespace

PageConditions conditions_of(const RunOptions& options) {
  const SimulationOptions& simulation = options.simulation;
  const InstanceProfile& profile = simulation.profile;
  PageConditions conditions;
  conditions.rows = {
      {"Setting", options.setting},
      {"Fleet", fleet_text(simulation)},
      {"Gateways", std::to_string(simulation.gateways) + (simulation.peers ? ", peers" : "")},
      {"Model and device", profile.name},
      {"Model of an instance", model_text(simulation.model)},
      {"Prefill", fixed_decimals(profile.prefill_seconds_per_token * 1e6, 1) + " µs per token"},
      {"Prefix cache", in_thousands(profile.kv_cache_tokens) + " tokens per instance"},
      {"Prompts cut to", in_thousands(profile.prompt_tokens_max) + " tokens"},
      {"Warm-up", warmup(options.arrivals)},
      {"Arrivals", name_of_rhythm(options.arrivals)},
      {"Target", "TTFT below " + seconds(simulation.scheduler.ttft_slo)},
      {"What the gateway knows of caches", residency(simulation)},
      {"Age of what instances say", seconds(simulation.signal_delay)},
      {"Seed", std::to_string(simulation.scheduler.seed)}};
  conditions.assumptions = assumptions_of(simulation);
  return conditions;
}

void write_policy_form(JsonWriter& json, const SchedulerOptions& options) {
  const auto scheduler = Scheduler::create(options);
  RINGMASTER_CHECK(scheduler.has_value());
  const SchedulerOptions& form = (*scheduler)->options();
  json.member("queue", kQueueDisciplineNames.at(static_cast<std::size_t>(form.queue.value())));
  json.member("rebalancing",
              kRebalancingNames.at(static_cast<std::size_t>(form.rebalancing.value())));
  json.member("window", form.dispatch_window_requests.value());
}

}  // namespace ringmaster::sim
