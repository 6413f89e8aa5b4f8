// How long a decision takes, by fleet size. Budget: a DualMap decision (key, homes, cache lookup,
// scoring, booking, logging) below 2 us median with 8 instances, below twice that with 1,024.
//
//   build/bench/bench/decision_bench --benchmark_repetitions=9
//
// watched: the same beside a shadow policy, each of them in turn, and with explanations once every
// 10 ms (of this bench's clock: 3 % of the decisions) or for each decision.
//
// Decision is an arrival up to its dispatch and booking. Life is all that a scheduler
// does for one request: arrival, dispatch, first token (the prompt enters the mirror), finish.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "base/random.h"
#include "policies/policy_registry.h"
#include "scheduler/scheduler.h"

namespace ringmaster {
namespace {

constexpr std::uint32_t kChainBlocks = 24;
constexpr std::uint32_t kBlockTokens = 512;
constexpr std::size_t kChains = 4096;
constexpr std::int64_t kSmallestFleet = 8;

/// Of bench_decision, which runs the smallest fleet first.
double smallest_fleet_ns = 0.0;

/// Conversations: a shared first block, then a prefix of their own of varied length.
std::vector<PrefixChain> make_chains() {
  Random random(42);
  std::vector<PrefixChain> chains(kChains);
  for (std::size_t i = 0; i < kChains; ++i) {
    const std::uint64_t conversation = i / 4;
    const std::size_t shared = 2 + i % 4 * 7;
    for (std::size_t block = 0; block < kChainBlocks; ++block) {
      const std::uint64_t owner = block == 0 ? 0 : block < shared ? conversation + 1 : i + 100'000;
      chains[i].push_back({.low = mix64(owner * 64 + block + 1), .high = owner});
    }
  }
  for (std::size_t i = kChains - 1; i > 0; --i) std::swap(chains[i], chains[random.below(i + 1)]);
  return chains;
}

struct Fleet {
  Fleet(const SchedulerOptions& options, std::int64_t instance_count,
        std::uint64_t kv_cache_tokens = 1'000'000) {
    scheduler = Scheduler::create(options).value();
    for (std::uint32_t i = 0; i < instance_count; ++i) {
      apply(InstanceAdded{
          {i}, {.name = "instance-" + std::to_string(i), .kv_cache_tokens = kv_cache_tokens}});
    }
    chains = make_chains();
  }

  void apply(Event event) {
    actions.clear();
    now += std::chrono::microseconds(100);
    scheduler->apply(std::move(event), now, actions);
  }

  [[nodiscard]] RequestSpec next_request() {
    ++last_id;
    return {.id = {last_id},
            .prompt_tokens = kChainBlocks * kBlockTokens,
            .chain = chains[last_id % kChains],
            .block_tokens = kBlockTokens};
  }

  void end(std::uint64_t id) {
    apply(FirstToken{{id}, 1});
    apply(RequestFinished{{id}, 1, 100, std::nullopt});
  }

  std::unique_ptr<Scheduler> scheduler;
  std::vector<PrefixChain> chains;
  ActionList actions;
  TimePoint now{};
  std::uint64_t last_id = 0;
};

/// Arrivals are timed in batches: stopping the clock for each would cost as much as a decision.
/// The median over batches is the figure to read; the mean holds whatever else the machine did.
void time_decisions(benchmark::State& state, SchedulerOptions options) {
  constexpr std::size_t kBatch = 64;
  options.dispatch_window_requests = 0;  // Each arrival ends in a dispatch, whatever is in flight.
  // Room for every chain anywhere, so that each lookup walks as far in every fleet.
  Fleet fleet(options, state.range(0), 64'000'000);
  for (std::size_t i = 0; i < 2 * kChains; ++i) {
    fleet.apply(RequestArrived{fleet.next_request()});
    fleet.end(fleet.last_id);
  }
  std::vector<Event> arrivals;
  std::vector<double> seconds;
  for (auto _ : state) {
    arrivals.clear();
    for (std::size_t i = 0; i < kBatch; ++i) {
      arrivals.emplace_back(RequestArrived{fleet.next_request()});
    }
    const auto begin = std::chrono::steady_clock::now();
    for (Event& event : arrivals) fleet.apply(std::move(event));
    seconds.push_back(to_seconds(std::chrono::steady_clock::now() - begin) / kBatch);
    state.SetIterationTime(seconds.back());
    for (std::size_t i = 0; i < kBatch; ++i) fleet.end(fleet.last_id - i);
  }
  std::ranges::nth_element(seconds, seconds.begin() + std::ssize(seconds) / 2);
  const double median_ns = seconds[seconds.size() / 2] * 1e9;
  state.counters["median_ns"] = median_ns;
}

void bench_decision(benchmark::State& state, const std::string& policy) {
  time_decisions(state, {.policy = parse_policy_config(policy).value()});
  const double median_ns = state.counters["median_ns"];
  if (state.range(0) == kSmallestFleet) smallest_fleet_ns = median_ns;
  state.counters["times_smallest"] = median_ns / smallest_fleet_ns;
}

void bench_watched(benchmark::State& state, const std::string& shadow,
                   const ExplainOptions& explain) {
  SchedulerOptions options{.policy = parse_policy_config("dualmap").value()};
  if (!shadow.empty()) options.shadow = parse_policy_config(shadow).value();
  options.explain = explain;
  time_decisions(state, options);
}

const bool kHasRegistered = [] {
  const auto add = [](const std::string& name, const std::string& shadow,
                      const ExplainOptions& explain) {
    benchmark::RegisterBenchmark(("watched/" + name).c_str(), bench_watched, shadow, explain)
        ->UseManualTime()
        ->Iterations(1000)
        ->Arg(8)
        ->Arg(128)
        ->Arg(1024);
  };
  add("nobody", "", {});
  for (const std::string_view name : policy_names()) {
    add("shadow_" + std::string(name), std::string(name), {});
  }
  add("explained_at_intervals", "", {.kept = 256});
  add("explained_each", "", {.kept = 256, .interval = Duration::zero()});
  add("explained_each_alone", "", {.kept = 256, .interval = Duration::zero(), .others = false});
  return true;
}();

void bench_life(benchmark::State& state, const std::string& policy) {
  Fleet fleet({.policy = parse_policy_config(policy).value()}, state.range(0));
  for (auto _ : state) {
    fleet.apply(RequestArrived{fleet.next_request()});
    fleet.end(fleet.last_id);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(bench_decision, dualmap, "dualmap")
    ->UseManualTime()
    ->Iterations(2000)
    ->Arg(8)
    ->Arg(128)
    ->Arg(1024);
BENCHMARK_CAPTURE(bench_decision, ringmaster, "ringmaster")
    ->UseManualTime()
    ->Iterations(2000)
    ->Arg(8)
    ->Arg(128)
    ->Arg(1024);
BENCHMARK_CAPTURE(bench_life, dualmap, "dualmap")->Arg(8)->Arg(128)->Arg(1024);
BENCHMARK_CAPTURE(bench_life, dualmap_code, "dualmap:variant=code")->Arg(8)->Arg(128)->Arg(1024);
BENCHMARK_CAPTURE(bench_life, ringmaster, "ringmaster")->Arg(8)->Arg(128)->Arg(1024);
BENCHMARK_CAPTURE(bench_life, min_ttft, "min_ttft")->Arg(8)->Arg(128)->Arg(1024);
BENCHMARK_CAPTURE(bench_life, least_loaded, "least_loaded")->Arg(8)->Arg(128)->Arg(1024);
BENCHMARK_CAPTURE(bench_life, power_of_two, "power_of_two")->Arg(8)->Arg(128)->Arg(1024);
BENCHMARK_CAPTURE(bench_life, round_robin, "round_robin")->Arg(8)->Arg(128)->Arg(1024);

}  // namespace
}  // namespace ringmaster
