#include "policies/cacheroute.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "policies/hotness_reading.h"
#include "policies/load_measure.h"

namespace ringmaster {
namespace {

constexpr std::size_t kKeysMax = 65'536;
// A key that would be asked for less than once in ten intervals is forgotten.
constexpr double kRequestsPerIntervalMin = 0.1;

}  // namespace

CacheRoute::CacheRoute(const CacheRouteOptions& options, std::uint64_t seed)
    : options_(options), cold_(LoadMeasure::kRequests, seed) {}

std::uint64_t CacheRoute::key_of(const RoutingQuery& query) const {
  const bool is_by_tenant =
      options_.key == CacheRouteOptions::Key::kTenant && query.request.tenant != 0;
  return is_by_tenant ? query.request.tenant : query.key;
}

void CacheRoute::count(std::uint64_t key) {
  const auto found = demand_.find(key);
  if (found != demand_.end()) {
    ++found->second.requests;
  } else if (demand_.size() < kKeysMax) {
    demand_[key].requests = 1;
  }
}

void CacheRoute::make_plan(const RoutingQuery& query) {
  const double seconds = to_seconds(query.now - planned_at_);
  rates_.clear();
  for (auto i = demand_.begin(); i != demand_.end();) {
    Demand& demand = i->second;
    demand.rate = 0.5 * demand.rate + 0.5 * demand.requests / seconds;
    demand.requests = 0;
    if (demand.rate * options_.plan_seconds < kRequestsPerIntervalMin) {
      i = demand_.erase(i);
      continue;
    }
    rates_.push_back({.key = i->first, .rate = demand.rate});
    ++i;
  }
  // The order of a hash table is no part of the result: the plan sorts.
  plan_.rebuild(rates_, query.candidates, options_.plan);
  planned_at_ = query.now;
}

void CacheRoute::choose(const RoutingQuery& query, const FleetState& fleet,
                        RoutingDecision& decision) {
  if (!has_begun_) {
    has_begun_ = true;
    planned_at_ = query.now;
  }
  if (query.now - planned_at_ >= from_seconds(options_.plan_seconds)) make_plan(query);
  const std::uint64_t key = key_of(query);
  count(key);
  homes_.clear();
  std::ranges::copy_if(plan_.homes(key), std::back_inserter(homes_), [&](InstanceId home) {
    return std::ranges::binary_search(query.candidates, home);
  });
  if (homes_.empty()) {
    cold_.choose(query, fleet, decision);
    decision.reason = "not_planned_two_choices";
    return;
  }
  decision.instance = minimum_.pick(homes_, [&](InstanceId home) {
    const double load = fleet[home].load.requests();
    decision.consider({.instance = home, .score = load});
    return load;
  });
  decision.reason = homes_.size() == 1 ? "planned_home" : "least_loaded_planned_home";
}

void CacheRoute::describe(const RoutingQuery& /*query*/, const FleetState& fleet,
                          const ScoredCandidate& candidate, ScoreTerms& terms) const {
  describe_load(fleet[candidate.instance], LoadMeasure::kRequests, terms);
}

std::unique_ptr<RoutingPolicy> make_cacheroute(OptionReader& reader, std::uint64_t seed) {
  constexpr std::array<std::string_view, 2> kKeys{"prefix", "tenant"};
  CacheRouteOptions options;
  options.key = reader.choice("key", kKeys) == 0 ? CacheRouteOptions::Key::kPrefix
                                                 : CacheRouteOptions::Key::kTenant;
  options.plan_seconds = reader.number("plan_seconds", options.plan_seconds, 1.0, 3600.0);
  options.plan.key_rate_max =
      reader.number("key_rate_max", options.plan.key_rate_max, 0.001, 1'000'000.0);
  options.plan.warm_prefixes =
      reader.count("warm_prefixes", options.plan.warm_prefixes, 1, 1'000'000);
  read_hotness(reader, options.hotness);
  return std::make_unique<CacheRoute>(options, seed);
}

}  // namespace ringmaster
