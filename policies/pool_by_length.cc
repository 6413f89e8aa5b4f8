#include "policies/pool_by_length.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ringmaster {
namespace {

constexpr std::size_t kSamples = 1000;

}  // namespace

PoolByLength::PoolByLength(const PoolByLengthOptions& options)
    : options_(options), history_(kSamples) {}

bool PoolByLength::is_short(const RequestSpec& request) {
  std::uint64_t output = request.output_tokens_max;
  if (output == 0) {
    output = history_.at_share(OutputHistory::kind_of(request), options_.output_share).value_or(0);
  }
  return request.prompt_tokens + output <= options_.threshold_tokens;
}

void PoolByLength::part(const RoutingQuery& query, const FleetState& fleet) {
  long_pool_.assign(query.candidates.begin(), query.candidates.end());
  std::ranges::stable_sort(
      long_pool_, {}, [&](InstanceId candidate) { return fleet[candidate].spec.kv_cache_tokens; });
  const auto count = static_cast<std::ptrdiff_t>(long_pool_.size());
  const auto wanted =
      static_cast<std::ptrdiff_t>(std::lround(options_.short_share * static_cast<double>(count)));
  const auto short_count = count < 2 ? count : std::clamp<std::ptrdiff_t>(wanted, 1, count - 1);
  short_pool_.assign(long_pool_.begin(), long_pool_.begin() + short_count);
  if (count >= 2) long_pool_.erase(long_pool_.begin(), long_pool_.begin() + short_count);
  std::ranges::sort(short_pool_);
  std::ranges::sort(long_pool_);
}

double PoolByLength::estimate(const FleetState& fleet, InstanceId candidate) const {
  return estimated_ttft_seconds(fleet[candidate], cached_.uncached(candidate));
}

void PoolByLength::choose(const RoutingQuery& query, const FleetState& fleet,
                          RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  part(query, fleet);
  const auto least = [&](const std::vector<InstanceId>& pool) {
    double seconds = std::numeric_limits<double>::infinity();
    for (const InstanceId instance : pool) {
      seconds = std::min(seconds, estimate(fleet, instance));
    }
    return seconds;
  };
  const bool belongs_to_short = is_short(query.request);
  const double least_short = least(short_pool_);
  const bool spills = belongs_to_short &&
                      least_short > options_.spill_above * to_seconds(query.ttft_slo) &&
                      least(long_pool_) < least_short;
  const auto& pool = belongs_to_short && !spills ? short_pool_ : long_pool_;
  decision.instance = minimum_.pick(pool, [&](InstanceId candidate) {
    const double seconds = estimate(fleet, candidate);
    decision.consider(
        {.instance = candidate, .cached_tokens = cached_.tokens(candidate), .score = seconds});
    return seconds;
  });
  decision.knows_cache = true;
  decision.reason = spills ? "short_spills_to_long" : belongs_to_short ? "short_pool" : "long_pool";
}

void PoolByLength::describe(const RoutingQuery& query, const FleetState& fleet,
                            const ScoredCandidate& candidate, ScoreTerms& terms) const {
  terms.say("held + sent + uncached, in seconds, within the pool");
  add_ttft_terms(fleet[candidate.instance],
                 uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens), terms);
}

void PoolByLength::ended(const ObservedRequest& seen) {
  if (seen.output_tokens) history_.finished(seen.request, *seen.output_tokens);
}

std::unique_ptr<RoutingPolicy> make_pool_by_length(OptionReader& reader, std::uint64_t /*seed*/) {
  PoolByLengthOptions options;
  options.threshold_tokens =
      reader.count("threshold_tokens", options.threshold_tokens, 1, 100'000'000);
  options.short_share = reader.number("short_share", options.short_share, 0.01, 0.99);
  options.output_share = reader.number("output_share", options.output_share, 0.0, 0.999);
  options.spill_above = reader.number("spill_above", options.spill_above, 0.01, 1000.0);
  return std::make_unique<PoolByLength>(options);
}

}  // namespace ringmaster
