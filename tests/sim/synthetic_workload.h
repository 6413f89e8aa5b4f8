#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/random.h"
#include "sim/simulation.h"
#include "sim/workload.h"

namespace ringmaster::sim {

/// Conversations that interleave: each turn extends the prompt of the turn before it.
inline Trace conversation_trace(std::uint64_t seed, std::size_t requests) {
  constexpr std::size_t kConversations = 40;
  Random random(seed);
  std::vector<std::vector<std::uint64_t>> ids(kConversations, {0});  // One system prompt for all.
  std::uint64_t next_id = 1;
  Trace trace;
  for (std::size_t i = 0; i < requests; ++i) {
    auto& history = ids[random.below(kConversations)];
    if (history.size() > 30) history = {0};
    for (std::uint64_t grown = 1 + random.below(4); grown > 0; --grown)
      history.push_back(next_id++);
    const auto tokens = static_cast<std::uint32_t>(history.size() * kTraceBlockTokens -
                                                   random.below(kTraceBlockTokens));
    trace.records.push_back({.timestamp = std::chrono::milliseconds(100 * i),
                             .input_tokens = tokens,
                             .output_tokens = static_cast<std::uint32_t>(1 + random.below(200)),
                             .first_id = trace.hash_ids.size(),
                             .id_count = history.size()});
    trace.hash_ids.insert(trace.hash_ids.end(), history.begin(), history.end());
  }
  return trace;
}

inline Workload conversations(std::uint64_t seed, std::size_t requests) {
  return Workload::make(conversation_trace(seed, requests), {}).value();
}

/// Requests of equal length that share nothing.
inline Workload strangers(std::size_t requests, std::uint32_t prompt_tokens,
                          std::uint32_t output_tokens = 1) {
  Trace trace;
  for (std::size_t i = 0; i < requests; ++i) {
    trace.records.push_back({.timestamp = std::chrono::milliseconds(i),
                             .input_tokens = prompt_tokens,
                             .output_tokens = output_tokens});
  }
  return Workload::make(trace, {}).value();
}

/// Arrivals of a Poisson process.
inline std::vector<Duration> poisson_arrivals(std::uint64_t seed, std::size_t requests,
                                              double rate) {
  Random random(seed);
  std::vector<Duration> arrivals(requests);
  double seconds = 0;
  for (Duration& arrival : arrivals) {
    seconds += -std::log1p(-random.unit()) / rate;
    arrival = from_seconds(seconds);
  }
  return arrivals;
}

/// The 7B profile with this policy on a fleet of that size.
inline SimulationOptions fleet_of(std::uint32_t instances, std::string_view policy,
                                  ModelKind model = ModelKind::kSerial) {
  SimulationOptions options{
      .instances = instances, .profile = find_profile("qwen2.5-7b@910b4").value(), .model = model};
  options.scheduler.policy = parse_policy_config(policy).value();
  options.scheduler.queue_requests_max = 65'536;
  options.scheduler.queue_wait_max = std::chrono::hours(24);
  return options;
}

}  // namespace ringmaster::sim
