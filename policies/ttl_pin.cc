#include "policies/ttl_pin.h"

#include <algorithm>

namespace ringmaster {
namespace {

constexpr auto kLaterFirst = [](const auto& a, const auto& b) { return a.at > b.at; };

}  // namespace

TtlPin::TtlPin(const TtlPinOptions& options) : options_(options), sessions_(options.sessions_max) {}

std::uint64_t TtlPin::pinned_tokens(InstanceId instance) const {
  return instance.value < pinned_tokens_.size() ? pinned_tokens_[instance.value] : 0;
}

void TtlPin::unpin(Session& session) {
  if (session.pin == 0) return;
  pinned_tokens_[session.instance.value] -= session.tokens;
  session.pin = 0;
}

void TtlPin::expire(TimePoint now) {
  while (!expiries_.empty() && expiries_.front().at <= now) {
    std::ranges::pop_heap(expiries_, kLaterFirst);
    const Expiry expiry = expiries_.back();
    expiries_.pop_back();
    Session* session = sessions_.find(expiry.session);
    if (session != nullptr && session->pin == expiry.pin) unpin(*session);
  }
}

void TtlPin::note_fleet(const FleetState& fleet) {
  pinned_tokens_.resize(std::max<std::size_t>(pinned_tokens_.size(), fleet.slot_count()));
  instances_.resize(pinned_tokens_.size());
  double wait = 0.0;
  for (const InstanceId instance : fleet.eligible()) {
    const InstanceState& state = fleet[instance];
    instances_[instance.value] = {state.prefill_seconds_per_token,
                                  static_cast<double>(state.spec.kv_cache_tokens)};
    wait += estimated_ttft_seconds(state, 0);
  }
  mean_wait_seconds_ =
      wait / static_cast<double>(std::max<std::size_t>(1, fleet.eligible().size()));
}

std::uint32_t TtlPin::cached_at(InstanceId candidate) const {
  const std::uint32_t known = cached_.tokens(candidate);
  return candidate == home_ ? std::max(known, home_tokens_) : known;
}

double TtlPin::displaced_seconds(const InstanceState& state, InstanceId candidate,
                                 std::uint32_t uncached) const {
  const double wanted = static_cast<double>(pinned_tokens(candidate)) + uncached;
  const double excess = wanted - static_cast<double>(state.spec.kv_cache_tokens);
  return std::max(0.0, excess) * state.prefill_seconds_per_token;
}

void TtlPin::choose(const RoutingQuery& query, const FleetState& fleet, RoutingDecision& decision) {
  cached_.look_up(query, fleet);
  note_fleet(fleet);
  expire(query.now);
  home_tokens_ = 0;
  const std::uint64_t id = query.request.session;
  Session* session = id == 0 ? nullptr : sessions_.use(id);
  if (session != nullptr) {
    if (session->is_answered) pauses_.add(to_seconds(query.now - session->answered_at));
    session->is_answered = false;
    if (session->pin != 0) {
      home_ = session->instance;
      home_tokens_ = std::min(session->tokens, query.request.prompt_tokens);
      unpin(*session);  // It is back: its request now counts by itself.
    }
  }
  decision.knows_cache = true;
  const auto weigh = [&](InstanceId candidate) {
    const std::uint32_t cached = cached_at(candidate);
    const std::uint32_t uncached = uncached_tokens(query.request.prompt_tokens, cached);
    const InstanceState& state = fleet[candidate];
    const double score =
        estimated_ttft_seconds(state, uncached) + displaced_seconds(state, candidate, uncached);
    return ScoredCandidate{.instance = candidate, .cached_tokens = cached, .score = score};
  };
  if (home_tokens_ > 0 && std::ranges::binary_search(query.candidates, home_)) {
    const ScoredCandidate home = weigh(home_);
    if (home.score <= to_seconds(query.ttft_slo)) {
      decision.consider(home);
      decision.instance = home_;
      decision.reason = "pinned_home";
      return;
    }
  }
  decision.instance = minimum_.pick(query.candidates, [&](InstanceId candidate) {
    const ScoredCandidate scored = weigh(candidate);
    decision.consider(scored);
    return scored.score;
  });
  decision.reason = home_tokens_ > 0 ? "pinned_home_past_slo" : "least_price";
}

void TtlPin::describe(const RoutingQuery& query, const FleetState& fleet,
                      const ScoredCandidate& candidate, ScoreTerms& terms) const {
  const InstanceState& state = fleet[candidate.instance];
  const std::uint32_t uncached =
      uncached_tokens(query.request.prompt_tokens, candidate.cached_tokens);
  terms.say("held + sent + uncached + displaced, in seconds");
  add_ttft_terms(state, uncached, terms);
  terms.add("displaced", displaced_seconds(state, candidate.instance, uncached));
}

double TtlPin::ttl_seconds(std::uint32_t tokens, InstanceId instance) const {
  if (!pauses_.is_known()) return std::min(options_.first_ttl_seconds, options_.ttl_max_seconds);
  const auto [seconds_per_token, memory] = instances_[instance.value];
  const double gain = tokens * seconds_per_token + mean_wait_seconds_;
  const double price = options_.memory_price * tokens / std::max(1.0, memory);
  return std::min(pauses_.best_seconds(gain, price), options_.ttl_max_seconds);
}

void TtlPin::ended(const ObservedRequest& seen) {
  const std::uint64_t id = seen.request.session;
  if (id == 0 || !seen.output_tokens || seen.instance.value >= instances_.size()) return;
  if (sessions_.find(id) == nullptr) {
    if (Session* forgotten = sessions_.oldest_if_full()) unpin(*forgotten);
    sessions_.put(id, {});
  }
  Session& session = *sessions_.use(id);
  unpin(session);
  // Whole blocks can be found again; what its output adds is computed by its own next prompt.
  const std::uint32_t tokens =
      tokens_of_blocks(seen.request, static_cast<std::uint32_t>(seen.request.chain.size()));
  session.instance = seen.instance;
  session.answered_at = seen.now;
  session.is_answered = true;
  const double ttl = tokens == 0 ? 0.0 : ttl_seconds(tokens, seen.instance);
  if (ttl <= 0.0) return;
  session.tokens = tokens;
  session.pin = ++last_pin_;
  pinned_tokens_[seen.instance.value] += tokens;
  expiries_.push_back({seen.now + from_seconds(ttl), id, session.pin});
  std::ranges::push_heap(expiries_, kLaterFirst);
  if (expiries_.size() > 2 * std::size_t{options_.sessions_max}) drop_stale_expiries();
}

void TtlPin::drop_stale_expiries() {
  std::erase_if(expiries_, [&](const Expiry& expiry) {
    const Session* session = sessions_.find(expiry.session);
    return session == nullptr || session->pin != expiry.pin;
  });
  std::ranges::make_heap(expiries_, kLaterFirst);
}

void TtlPin::instance_left(InstanceId instance) {
  if (instance.value >= pinned_tokens_.size()) return;
  for (const Expiry& expiry : expiries_) {
    Session* session = sessions_.find(expiry.session);
    if (session != nullptr && session->pin == expiry.pin && session->instance == instance) {
      unpin(*session);
    }
  }
}

std::unique_ptr<RoutingPolicy> make_ttl_pin(OptionReader& reader, std::uint64_t /*seed*/) {
  TtlPinOptions options;
  options.first_ttl_seconds =
      reader.number("first_ttl_seconds", options.first_ttl_seconds, 0.0, 86'400.0);
  options.ttl_max_seconds =
      reader.number("ttl_max_seconds", options.ttl_max_seconds, 0.0, 86'400.0);
  options.memory_price = reader.number("memory_price", options.memory_price, 0.0, 1000.0);
  options.sessions_max = reader.count("sessions_max", options.sessions_max, 1, 10'000'000);
  return std::make_unique<TtlPin>(options);
}

}  // namespace ringmaster
