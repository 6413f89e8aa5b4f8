#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "fleet/fleet_state.h"
#include "policies/policy_registry.h"
#include "policies/routing_policy.h"

namespace ringmaster {

/// A fleet of which a test sets loads and caches by slot, and one request of ten blocks of 100
/// tokens. A token takes a millisecond, the target is five seconds: 5,000 tokens.
class PolicyFixture : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kInstances = 4;

  PolicyFixture() {
    for (std::uint32_t slot = 0; slot < kInstances; ++slot) {
      fleet_.add({slot}, {.name = "i" + std::to_string(slot), .prefill_seconds_per_token = 0.001},
                 ResidencySource::kEvents);
    }
    for (std::uint64_t i = 0; i < 10; ++i) request_.chain.push_back({.low = mix64(i + 1)});
    request_.prompt_tokens = 1000;
    request_.block_tokens = 100;
  }

  void make(const std::string& text) {
    auto policy = make_policy(parse_policy_config(text).value(), 42);
    ASSERT_TRUE(policy) << policy.error().message;
    policy_ = std::move(*policy);
  }

  InstanceLoad& load(std::uint32_t slot) { return fleet_.at({slot}).load; }

  /// The instance has the first blocks of the prompt.
  void cache(std::uint32_t slot, std::uint32_t blocks) {
    fleet_.residency().stored({slot}, std::span(request_.chain).first(blocks));
  }

  /// The homes are instances 1 and 2 unless the test says otherwise.
  RoutingQuery query(const std::vector<InstanceId>& homes) {
    RoutingQuery query{.request = request_,
                       .candidates = fleet_.eligible(),
                       .key_blocks = 1,
                       .ttft_slo = std::chrono::seconds(5),
                       .now = now_,
                       .key = key_};
    for (const InstanceId home : homes) query.homes.add(home);
    return query;
  }

  RoutingDecision choose(const std::vector<InstanceId>& homes = {{1}, {2}}) {
    RoutingDecision decision;
    policy_->choose(query(homes), fleet_, decision);
    return decision;
  }

  std::uint32_t chosen() { return choose().instance.value; }

  FleetState fleet_{160, 10'000};
  RequestSpec request_;
  TimePoint now_{};
  std::uint64_t key_ = 0;
  std::unique_ptr<RoutingPolicy> policy_;
};

}  // namespace ringmaster
