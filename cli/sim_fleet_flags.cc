#include "cli/sim_fleet_flags.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "base/known_names.h"
#include "cli/duration_flag.h"
#include "cli/fleet_events_file.h"
#include "cli/named_values.h"
#include "cli/profile_file.h"
#include "policies/policy_config.h"
#include "sim/policy_list.h"

namespace ringmaster {
namespace {

constexpr Duration kReportInterval = std::chrono::seconds(1);
constexpr double kTauMax = 10.0;
constexpr double kCapacityMin = 0.01;
constexpr double kCapacityMax = 100.0;
constexpr std::int64_t kCacheTokensMax = 1'000'000'000'000;
constexpr std::int32_t kPriorityMax = 1'000'000;
constexpr double kSignalMax = 1e12;

/// "4xNAME" as 4 and NAME.
std::optional<std::pair<std::uint32_t, std::string>> split_count(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const auto digits = static_cast<std::size_t>(end - text.data());
  if (error != std::errc() || count == 0 || digits + 1 >= text.size() || text[digits] != 'x') {
    return std::nullopt;
  }
  return std::pair(count, std::string(text.substr(digits + 1)));
}

/// COUNTxPROFILE[:tau=S,cache=TOKENS,capacity=W].
Status add_members(const std::string& item, std::vector<sim::FleetMember>& fleet) {
  auto config = parse_policy_config(item);
  const auto counted = config ? split_count(config->name) : std::nullopt;
  if (!counted) {
    return invalid("--fleet: expected COUNTxPROFILE[:key=value,...], found \"" + item + "\"");
  }
  if (counted->first > sim::kInstancesMax) {
    return invalid("--fleet: expected at most " + std::to_string(sim::kInstancesMax) +
                   " instances, found \"" + item + "\"");
  }
  auto profile = load_profile(counted->second);
  if (!profile) return tl::unexpected(std::move(profile).error().while_doing("--fleet"));
  sim::FleetMember member{.profile = std::move(*profile)};
  NamedValues values("--fleet", *config);
  member.profile.prefill_seconds_per_token =
      values.number("tau", member.profile.prefill_seconds_per_token, 1e-9, kTauMax);
  member.profile.kv_cache_tokens = static_cast<std::uint64_t>(values.whole(
      "cache", static_cast<std::int64_t>(member.profile.kv_cache_tokens), 1, kCacheTokensMax));
  member.capacity = values.number("capacity", 1.0, kCapacityMin, kCapacityMax);
  if (auto status = values.finish(); !status) return status;
  fleet.insert(fleet.end(), counted->first, member);
  return {};
}

/// NAME:share=S[,ttft=T,tpot=T,priority=P].
Result<sim::RequestClass> read_class(const std::string& item, const sim::SimulationOptions& base) {
  const auto config = parse_policy_config(item);
  if (!config) return tl::unexpected(Error(config.error()).while_doing("--class"));
  NamedValues values("--class", *config);
  sim::RequestClass request_class{.name = config->name,
                                  .share = values.number("share", 0.0, 0.0, 1.0),
                                  .ttft_slo = values.duration("ttft", base.scheduler.ttft_slo),
                                  .tpot_slo = values.duration("tpot", base.tpot_slo),
                                  .priority = static_cast<std::int32_t>(
                                      values.whole("priority", 0, -kPriorityMax, kPriorityMax))};
  if (auto status = values.finish(); !status) return tl::unexpected(std::move(status).error());
  return request_class;
}

/// SIGNAL[:min=,max=,up=,down=,interval=,cooldown=,start_up=].
Result<sim::AutoscalerOptions> read_autoscaler(const std::string& text, std::size_t instances) {
  const auto config = parse_policy_config(text);
  if (!config) return tl::unexpected(Error(config.error()).while_doing("--autoscale"));
  sim::AutoscalerOptions options;
  if (config->name == "freeness") {
    options = sim::AutoscalerOptions::by_freeness();
  } else if (config->name != "pending") {
    return invalid(
        "--autoscale: signal: " +
        expected_one_of(std::array<std::string_view, 2>{"pending", "freeness"}, config->name));
  }
  NamedValues values("--autoscale", *config);
  const auto bound = [&](const char* key, std::int64_t fallback) {
    return static_cast<std::uint32_t>(values.whole(key, fallback, 1, sim::kInstancesMax));
  };
  const auto now = static_cast<std::int64_t>(instances);
  options.instances_min = bound("min", 1);
  options.instances_max = bound("max", std::min<std::int64_t>(2 * now, sim::kInstancesMax));
  options.scale_up_at = values.number("up", options.scale_up_at, -kSignalMax, kSignalMax);
  options.scale_down_at = values.number("down", options.scale_down_at, -kSignalMax, kSignalMax);
  options.interval = values.duration("interval", options.interval);
  options.cooldown = values.duration("cooldown", options.cooldown);
  options.start_up = values.duration("start_up", options.start_up);
  if (auto status = values.finish(); !status) return tl::unexpected(std::move(status).error());
  if (auto status = check(options); !status) return tl::unexpected(std::move(status).error());
  return options;
}

Status apply_requests(const SimFleetFlags& flags, sim::SimulationOptions& options) {
  if (!flags.slo_tpot.empty()) {
    const auto slo = read_duration("--slo-tpot", flags.slo_tpot);
    if (!slo) return tl::unexpected(slo.error());
    options.tpot_slo = *slo;
  }
  for (const std::string& item : flags.classes) {
    auto request_class = read_class(item, options);
    if (!request_class) return tl::unexpected(std::move(request_class).error());
    options.classes.push_back(std::move(*request_class));
  }
  return sim::check(options.classes);
}

Status apply_fleet(const SimFleetFlags& flags, sim::SimulationOptions& options) {
  for (const std::string& list : flags.fleet) {
    const auto items = sim::split_policy_list(list);  // The same commas.
    if (!items) return invalid("--fleet: " + items.error().message);
    for (const std::string& item : *items) {
      if (auto status = add_members(item, options.fleet); !status) return status;
    }
  }
  if (options.fleet.empty()) return {};
  options.instances = static_cast<std::uint32_t>(options.fleet.size());
  options.profile = options.fleet.front().profile;
  options.profile.name = flags.fleet.front();  // Results show the whole fleet.
  for (std::size_t i = 1; i < flags.fleet.size(); ++i) options.profile.name += "," + flags.fleet[i];
  return {};
}

}  // namespace

void add_sim_fleet_flags(CLI::App& command, SimFleetFlags& flags) {
  command
      .add_option("--fleet", flags.fleet,
                  "Instances that differ, in place of --instances and --profile: "
                  "4xqwen2.5-7b@910b4,2xqwen2.5-14b@910b3:tau=0.0002,cache=400000,capacity=2")
      ->allow_extra_args(false)
      ->type_name("COUNTxPROFILE,...");
  command
      .add_option("--events", flags.events,
                  "YAML of instances that join, leave, crash, stall or slow down")
      ->type_name("FILE");
  command
      .add_option("--autoscale", flags.autoscale,
                  "Grow and shrink the fleet by a signal, pending or freeness: "
                  "pending:min=4,max=16,up=2,down=0.25,interval=10s,cooldown=60s,start_up=60s")
      ->type_name("SIGNAL[:KEY=VALUE,...]");
  command
      .add_option("--gateways", flags.gateways,
                  "Gateways before the fleet; arrivals are split among them at random")
      ->capture_default_str();
  command.add_flag("--peers", flags.peers,
                   "The gateways know each other: each instance has an owner among them, which "
                   "holds and orders what the others forward to it");
  command.add_option("--report-interval", flags.report_interval,
                     "Between two load reports of an instance; 0s: none "
                     "[of the setting; 1s if there are several gateways]");
}

void add_sim_target_flags(CLI::App& command, SimFleetFlags& flags) {
  command.add_option("--slo-tpot", flags.slo_tpot,
                     "Target for the time per output token after the first [none]");
  command
      .add_option(
          "--class", flags.classes,
          "A class of requests, drawn by share: chat:share=0.8,ttft=2s,tpot=100ms,priority=1"
          "; once per class")
      ->allow_extra_args(false)
      ->type_name("NAME:KEY=VALUE,...");
}

Status apply(const SimFleetFlags& flags, sim::SimulationOptions& options) {
  options.gateways = flags.gateways;
  options.peers = flags.peers;
  if (flags.report_interval) {
    const auto interval = read_duration("--report-interval", *flags.report_interval);
    if (!interval) return tl::unexpected(interval.error());
    options.report_interval = *interval;
  } else if (flags.gateways > 1 && options.report_interval == Duration::zero()) {
    options.report_interval = kReportInterval;  // Else they know nothing of each other.
  }
  if (auto status = apply_fleet(flags, options); !status) return status;
  if (auto status = apply_requests(flags, options); !status) return status;
  if (!flags.events.empty()) {
    auto changes = load_fleet_events(flags.events);
    if (!changes) return tl::unexpected(std::move(changes).error());
    options.changes = std::move(*changes);
  }
  if (flags.autoscale.empty()) return {};
  auto autoscaler = read_autoscaler(flags.autoscale, options.instances);
  if (!autoscaler) return tl::unexpected(std::move(autoscaler).error());
  options.autoscaler = *autoscaler;
  return {};
}

}  // namespace ringmaster
