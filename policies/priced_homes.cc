#include "policies/priced_homes.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "policies/hotness_reading.h"

namespace ringmaster {
namespace {

constexpr std::uint32_t kDispatchWindowRequests = 1;
constexpr double kMeanPendingSecondsMax = 1.0;
constexpr double kLeavingFullSeconds = 10.0;
constexpr double kEscapeShareMin = 0.05;  // Where nothing is to be gained, a prompt stays at home.
constexpr std::size_t kHoldersMax = 2;
constexpr Duration kSessionIdleMax = std::chrono::hours(4);

bool is_home(const RoutingQuery& query, InstanceId instance) {
  return std::ranges::count(query.homes.span(), instance) > 0;
}

}  // namespace

PricedHomes::PricedHomes(const PricedHomesOptions& options, std::uint64_t seed)
    : options_(options),
      sessions_(std::max(1U, options.sessions_max), kSessionIdleMax),
      prompts_(std::max(1U, options.sessions_max), kSessionIdleMax),
      random_(seed) {}

PublishedForm PricedHomes::published_form() const {
  return {.queue = QueueDiscipline::kOnTime,
          .rebalancing = Rebalancing::kOff,
          .dispatch_window_requests = kDispatchWindowRequests,
          .hotness = options_.hotness,
          .homes_by_session = options_.sessions_max > 0};
}

void PricedHomes::choose(const RoutingQuery& query, const FleetState& fleet,
                         RoutingDecision& decision) {
  RINGMASTER_CHECK(!query.homes.empty());
  session_home_ = home_of_conversation(query, fleet);
  gather(query, fleet);
  note_pending(fleet, query.candidates.size());
  std::array<std::uint32_t, kWeighedMax> blocks{};
  fleet.residency().index().cached_blocks(query.request.chain, weighed(),
                                          std::span(blocks).first(weighed_count_));
  double least_seconds = std::numeric_limits<double>::infinity();
  // From a random one on, so that equal prices spread over a fleet instead of piling up.
  const std::size_t first = random_.below(weighed_count_);
  for (std::size_t seen = 0; seen < weighed_count_; ++seen) {
    const std::size_t i = (first + seen) % weighed_count_;
    const std::uint32_t cached = tokens_of_blocks(query.request, blocks[i]);
    const Price price = price_of(fleet[weighed_[i]], query.request, cached);
    const double seconds = price.sum() + leaving_price(query, weighed_[i], price);
    decision.consider({.instance = weighed_[i], .cached_tokens = cached, .score = seconds});
    if (seconds >= least_seconds) continue;
    least_seconds = seconds;
    decision.instance = weighed_[i];
  }
  decision.reason = reason_of(query, decision.instance);
  decision.knows_cache = true;
  note_conversation(query, fleet, decision.instance);
}

std::optional<InstanceId> PricedHomes::home_of_conversation(const RoutingQuery& query,
                                                            const FleetState& fleet) {
  followed_ = {};
  if (options_.sessions_max == 0) return std::nullopt;
  if (query.request.session != 0) return sessions_.find(query, fleet);
  if (options_.continuations) followed_ = prompts_.find(query, fleet);
  return followed_.home;
}

void PricedHomes::note_conversation(const RoutingQuery& query, const FleetState& fleet,
                                    InstanceId instance) {
  if (options_.sessions_max == 0) return;
  if (query.request.session != 0) return sessions_.note(query, fleet, instance);
  if (options_.continuations) prompts_.note(query, fleet, followed_, instance);
}

PricedHomes::Price PricedHomes::price_of(const InstanceState& state, const RequestSpec& request,
                                         std::uint32_t cached_tokens) const {
  const double uncached_weight =
      1.0 + options_.load_weight * std::min(kMeanPendingSecondsMax, mean_pending_seconds_);
  const double tau = state.prefill_seconds_per_token;
  const double prefill = tau * uncached_tokens(request.prompt_tokens, cached_tokens);
  const auto running_tokens =
      static_cast<double>(state.load.running_kv_blocks * request.block_tokens);
  const double put_aside =
      (1.0 - options_.put_aside_weight) *
      static_cast<double>(std::min(state.load.put_aside_tokens, state.load.pending_tokens()));
  return {.pending = tau * (static_cast<double>(state.load.pending_tokens()) - put_aside),
          .uncached = uncached_weight * prefill,
          .running = tau * options_.running_weight * running_tokens,
          .prefill = prefill};
}

double PricedHomes::leaving_price(const RoutingQuery& query, InstanceId instance,
                                  const Price& price) const {
  const bool at_home = session_home_ ? instance == *session_home_ : is_home(query, instance);
  if (at_home) return 0.0;
  const double escape =
      options_.escape_seconds *
      std::clamp(2.0 - 2.0 * price.prefill / options_.long_seconds, kEscapeShareMin, 1.0);
  if (!session_home_) return escape;
  const double load = std::min(1.0, mean_pending_seconds_ / kLeavingFullSeconds);
  return escape + options_.leave_weight * load * price.uncached;
}

std::string_view PricedHomes::reason_of(const RoutingQuery& query, InstanceId instance) const {
  if (session_home_ && query.request.session != 0) {
    return instance == *session_home_ ? "session_home" : "left_session_home";
  }
  if (session_home_) {
    return instance == *session_home_ ? "continued_prompt_home" : "left_continued_prompt_home";
  }
  return is_home(query, instance) ? "cheaper_home" : "escape_from_homes";
}

void PricedHomes::describe(const RoutingQuery& query, const FleetState& fleet,
                           const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const Price price = price_of(fleet[candidate.instance], query.request, candidate.cached_tokens);
  terms.say("pending + uncached + running + leaving, in seconds");
  terms.add("pending", price.pending);
  terms.add("uncached", price.uncached);
  terms.add("running", price.running);
  terms.add("leaving", leaving_price(query, candidate.instance, price));
}

void PricedHomes::gather(const RoutingQuery& query, const FleetState& fleet) {
  weighed_count_ = 0;
  for (const InstanceId home : query.homes.span()) weigh_also(home);
  if (session_home_) weigh_also(*session_home_);
  if (options_.escapes == 0) return;
  if (query.candidates.size() <= weighed_count_ + options_.escapes) {
    for (const InstanceId instance : query.candidates) weigh_also(instance);
  } else {
    gather_some(query, fleet);
  }
}

void PricedHomes::gather_some(const RoutingQuery& query, const FleetState& fleet) {
  const std::size_t enough = weighed_count_ + options_.escapes;
  std::array<InstanceId, kHoldersMax> holders{};
  const std::size_t found = fleet.residency().index().longest_holders(query.request.chain, holders);
  for (std::size_t i = 0; i < found && weighed_count_ < enough; ++i) {
    if (std::ranges::binary_search(query.candidates, holders[i])) weigh_also(holders[i]);
  }
  // Some are drawn twice: hence more draws than places, but not without end.
  for (std::uint32_t draw = 0; draw < 2 * options_.escapes && weighed_count_ < enough; ++draw) {
    weigh_also(query.candidates[random_.below(query.candidates.size())]);
  }
}

void PricedHomes::weigh_also(InstanceId instance) {
  if (std::ranges::count(weighed(), instance) == 0) weighed_[weighed_count_++] = instance;
}

void PricedHomes::note_pending(const FleetState& fleet, std::size_t instance_count) {
  double seconds = 0.0;
  for (const InstanceId instance : weighed()) {
    seconds += estimated_ttft_seconds(fleet[instance], 0);
  }
  const auto weighed_count = static_cast<double>(weighed_count_);
  // Exact where all are weighed; else over about as many decisions as it takes to see them all.
  const double share = weighed_count / static_cast<double>(instance_count);
  mean_pending_seconds_ += (seconds / weighed_count - mean_pending_seconds_) * share;
}

std::unique_ptr<RoutingPolicy> make_priced_homes(OptionReader& reader, std::uint64_t seed) {
  PricedHomesOptions options;
  options.load_weight = reader.number("load_weight", options.load_weight, 0.0, 1000.0);
  options.put_aside_weight = reader.number("put_aside_weight", options.put_aside_weight, 0.0, 1.0);
  options.running_weight = reader.number("running_weight", options.running_weight, 0.0, 10.0);
  options.escape_seconds = reader.number("escape_seconds", options.escape_seconds, 0.0, 3600.0);
  options.long_seconds = reader.number("long_seconds", options.long_seconds, 0.001, 3600.0);
  options.escapes = reader.count("escapes", options.escapes, 0, PricedHomes::kEscapesMax);
  options.leave_weight = reader.number("leave_weight", options.leave_weight, 0.0, 1000.0);
  options.sessions_max = reader.count("sessions_max", options.sessions_max, 0, 10'000'000);
  options.continuations = reader.flag("continuations", options.continuations);
  read_hotness(reader, options.hotness);
  return std::make_unique<PricedHomes>(options, seed);
}

}  // namespace ringmaster
