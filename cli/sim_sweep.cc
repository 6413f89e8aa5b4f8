#include "cli/sim_sweep.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <string_view>
#include <utility>

#include "base/known_names.h"
#include "cli/duration_flag.h"
#include "cli/profile_file.h"
#include "cli/text_file.h"
#include "cli/trace_file.h"
#include "sim/policy_list.h"
#include "sim/trace_copies.h"

namespace ringmaster {
namespace {

/// What a setting says where the command line says nothing. docs/simulation.md has the same table.
struct Setting {
  std::string_view name;
  std::string_view model;
  std::size_t warmup_requests;
  std::string_view signal_delay;
  Duration report_interval;
  std::uint32_t queue_requests_max;
  Duration queue_wait_max;
};

constexpr std::array<Setting, 2> kSettings = {{
    // The paper's gateway neither bounds its queue nor gives up a waiting request: the largest
    // bounds that the scheduler takes.
    {"dualmap-paper", "serial", 500, "0s", Duration::zero(), 65'536, std::chrono::hours(24)},
    {"realistic", "batching", 500, "1s", std::chrono::seconds(1), 4096, std::chrono::seconds(60)},
}};

Result<Setting> find_setting(std::string_view name) {
  const auto* const found = std::ranges::find(kSettings, name, &Setting::name);
  if (found != kSettings.end()) return *found;
  const std::array known{kSettings[0].name, kSettings[1].name};
  return invalid("--setting: " + expected_one_of(known, name));
}

/// Which part of a trace a setting replays, and how fast its warm-up comes.
struct Window {
  std::size_t requests_max;
  double warmup_qps;  ///< 0: in the rhythm of the rest.
};

/// The paper's tool and agent workload is known by its name, as nothing in the file tells it.
Window window_of(std::string_view setting, std::string_view trace_name) {
  if (setting != kSettings[0].name) return {std::numeric_limits<std::size_t>::max(), 0.0};
  const bool is_tool_agent = trace_name.find("tool") != std::string_view::npos;
  return is_tool_agent ? Window{8000, 0.5} : Window{4000, 0.3};
}

template <class T>
Result<T> choose(std::string_view flag, std::string_view text,
                 std::initializer_list<std::pair<std::string_view, T>> choices) {
  std::vector<std::string_view> known;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    known.push_back(name);
  }
  return invalid(std::string(flag) + ": " + expected_one_of(known, text));
}

Status read_parts(const SimFlags& flags, SchedulerOptions& options) {
  for (const std::string& list : flags.filters) {
    const auto names = sim::split_policy_list(list);
    if (!names) return tl::unexpected(Error(names.error()).while_doing("--filter"));
    for (const std::string& name : *names) {
      auto filter = parse_policy_config(name, "filter");
      if (!filter) return tl::unexpected(std::move(filter).error());
      options.filters.push_back(std::move(*filter));
    }
  }
  if (!flags.veto.empty()) {
    auto veto = parse_policy_config(flags.veto, "veto");
    if (!veto) return tl::unexpected(std::move(veto).error());
    options.veto = std::move(*veto);
  }
  if (!flags.admission.empty()) {
    auto admission = parse_policy_config(flags.admission, "admission");
    if (!admission) return tl::unexpected(std::move(admission).error());
    options.admission = std::move(*admission);
  }
  return {};
}

Status read_scheduler_options(const SimFlags& flags, const Setting& setting,
                              SchedulerOptions& options) {
  const auto slo = read_duration("--slo-ttft", flags.slo_ttft);
  if (!slo) return tl::unexpected(slo.error());
  options.ttft_slo = *slo;
  if (auto status = read_parts(flags, options); !status) return status;
  if (flags.queue) {
    const auto queue = choose<QueueDiscipline>("--queue", *flags.queue,
                                               {{"fcfs", QueueDiscipline::kFcfs},
                                                {"longest_hit", QueueDiscipline::kLongestHit},
                                                {"shortest", QueueDiscipline::kShortest},
                                                {"slack", QueueDiscipline::kSlack},
                                                {"on_time", QueueDiscipline::kOnTime},
                                                {"fair", QueueDiscipline::kFair}});
    if (!queue) return tl::unexpected(queue.error());
    options.queue = *queue;
  }
  if (flags.rebalancing) {
    const auto rebalancing = choose<Rebalancing>("--rebalancing", *flags.rebalancing,
                                                 {{"off", Rebalancing::kOff},
                                                  {"paper", Rebalancing::kPaper},
                                                  {"code", Rebalancing::kCode},
                                                  {"freeness", Rebalancing::kFreeness}});
    if (!rebalancing) return tl::unexpected(rebalancing.error());
    options.rebalancing = *rebalancing;
  }
  options.dispatch_window_requests = flags.window;
  if (!flags.shadow.empty()) {
    auto shadow = parse_policy_config(flags.shadow);
    if (!shadow) return tl::unexpected(std::move(shadow.error()).while_doing("--shadow"));
    options.shadow = std::move(*shadow);
  }
  options.queue_requests_max = setting.queue_requests_max;
  options.queue_wait_max = setting.queue_wait_max;
  return {};
}

Result<sim::ArrivalOptions> read_arrivals(const SimFlags& flags) {
  const auto rhythm =
      choose<sim::Rhythm>("--arrivals", flags.arrivals,
                          {{"trace", sim::Rhythm::kTrace}, {"poisson", sim::Rhythm::kPoisson}});
  if (!rhythm) return tl::unexpected(rhythm.error());
  return sim::ArrivalOptions{.rhythm = *rhythm, .jitter_cv = flags.jitter};
}

Result<sim::RunOptions> read_run_options(const SimFlags& flags) {
  sim::RunOptions run{.setting = flags.setting};
  const auto setting = find_setting(flags.setting);
  if (!setting) return tl::unexpected(setting.error());
  if (auto status = read_scheduler_options(flags, *setting, run.simulation.scheduler); !status) {
    return tl::unexpected(std::move(status).error());
  }
  const auto profile = load_profile(flags.profile);
  if (!profile) return tl::unexpected(profile.error());
  const auto model = sim::parse_model_kind(flags.model.value_or(std::string(setting->model)));
  if (!model) return tl::unexpected(model.error());
  const auto residency = choose<ResidencySource>(
      "--residency", flags.residency,
      {{"events", ResidencySource::kEvents}, {"mirror", ResidencySource::kMirror}});
  if (!residency) return tl::unexpected(residency.error());
  const auto signal_delay = read_duration(
      "--signal-delay", flags.signal_delay.value_or(std::string(setting->signal_delay)));
  if (!signal_delay) return tl::unexpected(signal_delay.error());
  run.simulation.instances = flags.instances;
  run.simulation.profile = *profile;
  run.simulation.model = *model;
  run.simulation.residency = *residency;
  run.simulation.signal_delay = *signal_delay;
  run.simulation.report_interval = setting->report_interval;
  const auto arrivals = read_arrivals(flags);
  if (!arrivals) return tl::unexpected(arrivals.error());
  run.arrivals = *arrivals;
  run.is_detailed = !flags.report.empty();
  run.arrivals.warmup_requests = flags.warmup.value_or(setting->warmup_requests * flags.copies);
  if (auto status = apply(flags.fleet, run.simulation); !status) {
    return tl::unexpected(std::move(status).error());
  }
  return run;
}

Result<std::vector<sim::RunOptions>> options_per_policy(const SimFlags& flags) {
  const auto base = read_run_options(flags);
  if (!base) return tl::unexpected(base.error());
  std::vector<sim::RunOptions> all;
  for (const std::string& list : flags.policies) {
    const auto names = sim::split_policy_list(list);
    if (!names) return tl::unexpected(names.error());
    for (const std::string& name : *names) {
      auto policy = parse_policy_config(name);
      if (!policy) return tl::unexpected(std::move(policy).error());
      sim::RunOptions& run = all.emplace_back(*base);
      run.policy = name;
      run.simulation.scheduler.policy = std::move(*policy);
      // Refuse an unknown policy or option before any run starts.
      const auto scheduler = Scheduler::create(run.simulation.scheduler);
      if (!scheduler) return tl::unexpected(scheduler.error());
    }
  }
  return all;
}

/// Puts copies over the part of the trace that is replayed; the rest is left out.
Result<sim::Trace> overlay(sim::Trace trace, std::size_t skip, std::size_t requests,
                           std::uint32_t copies) {
  const auto begin = trace.records.begin() + static_cast<std::ptrdiff_t>(skip);
  trace.records.erase(begin + static_cast<std::ptrdiff_t>(requests), trace.records.end());
  trace.records.erase(trace.records.begin(), begin);
  return sim::overlay_copies(trace, copies);
}

Result<std::shared_ptr<const sim::Workload>> load_workload(const SimFlags& flags,
                                                           const std::string& path,
                                                           std::uint32_t prompt_tokens_max) {
  auto trace = load_trace(path);
  if (!trace) return tl::unexpected(trace.error());
  const std::size_t available = trace->records.size() - std::min(flags.skip, trace->records.size());
  const std::size_t requests_max = window_of(flags.setting, trace_name(path)).requests_max;
  sim::WorkloadOptions options{
      .skip = flags.skip,
      .requests = flags.requests.value_or(std::min(requests_max, available)),
      .prompt_tokens_max = prompt_tokens_max,
      .block_tokens = flags.block_tokens,
      .hash_as = flags.hash_as};
  // Too few records are refused by make(), copies or not.
  if (flags.copies != 1 && options.requests > 0 && options.requests <= available) {
    trace = overlay(std::move(*trace), options.skip, options.requests, flags.copies);
    if (!trace) return tl::unexpected(std::move(trace).error().while_doing("--copies"));
    options.skip = 0;
    options.requests = 0;
  }
  auto workload = sim::Workload::make(*trace, options);
  if (!workload) return tl::unexpected(std::move(workload).error().while_doing(path));
  return std::make_shared<const sim::Workload>(std::move(*workload));
}

/// Prompts are cut to what every instance takes.
std::uint32_t prompt_tokens_max_of(const sim::SimulationOptions& options) {
  std::uint32_t least = options.profile.prompt_tokens_max;
  for (const sim::FleetMember& member : options.fleet) {
    least = std::min(least, member.profile.prompt_tokens_max);
  }
  return least;
}

void add_seeds(const SimFlags& flags, const std::shared_ptr<const sim::Workload>& workload,
               sim::RunOptions run, SimSweep& sweep) {
  for (const std::uint64_t seed : flags.seeds) {
    run.simulation.scheduler.seed = seed;
    run.arrivals.seed = seed;
    sweep.points.push_back({workload, run});
  }
}

/// Before hours of simulation, not after them.
Status check_outputs(const SimFlags& flags) {
  for (const std::string& path : {flags.json, flags.report, flags.record}) {
    if (path.empty()) continue;
    if (auto status = check_writable(path); !status) return status;
  }
  return {};
}

}  // namespace

Result<SimSweep> plan_sweep(const SimFlags& flags) {
  if (auto status = check_outputs(flags); !status) return tl::unexpected(std::move(status).error());
  const auto runs = options_per_policy(flags);
  if (!runs) return tl::unexpected(runs.error());
  SimSweep sweep;
  for (const std::string& path : flags.traces) {
    const auto workload =
        load_workload(flags, path, prompt_tokens_max_of(runs->front().simulation));
    if (!workload) return tl::unexpected(workload.error());
    for (sim::RunOptions run : *runs) {
      const std::string name = trace_name(path);
      run.trace = flags.copies == 1 ? name : name + " x" + std::to_string(flags.copies);
      run.arrivals.warmup_qps =
          flags.warmup_qps.value_or(window_of(flags.setting, name).warmup_qps * flags.copies);
      if (flags.qps.empty()) add_seeds(flags, *workload, run, sweep);
      for (const double qps : flags.qps) {
        run.arrivals.qps = qps;
        add_seeds(flags, *workload, run, sweep);
      }
    }
  }
  return sweep;
}

Result<sim::GoodputTarget> read_target(const SimFlags& flags) {
  const auto p99 = read_duration("--p99-limit", flags.p99_limit);
  if (!p99) return tl::unexpected(p99.error());
  return sim::GoodputTarget{.attainment = flags.attainment, .ttft_p99_max = *p99};
}

}  // namespace ringmaster
