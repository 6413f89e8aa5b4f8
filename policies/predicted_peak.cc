#include "policies/predicted_peak.h"

#include <algorithm>

#include "base/random.h"

namespace ringmaster {
namespace {

// A new time per token counts for a tenth, so that one odd answer changes little.
constexpr double kNewestWeight = 0.1;
constexpr double kUnitOfTop53Bits = 0x1.0p-53;

}  // namespace

void PredictedPeak::Pace::observe(double newest) {
  seconds = seconds == 0.0 ? newest : seconds + kNewestWeight * (newest - seconds);
}

PredictedPeak::Place& PredictedPeak::place(InstanceId instance) {
  if (places_.size() <= instance.value) places_.resize(instance.value + 1);
  return places_[instance.value];
}

PredictedPeak::Running* PredictedPeak::find(InstanceId instance, RequestId request) {
  auto& running = place(instance).running;
  const auto found = std::ranges::find(running, request, &Running::id);
  return found == running.end() ? nullptr : &*found;
}

std::uint32_t PredictedPeak::draw(const Running& running, std::uint32_t longer_than) {
  const double share =
      static_cast<double>(mix64(seed_ ^ running.id.value) >> 11U) * kUnitOfTop53Bits;
  // Longer than all that were seen: about to end, as good a guess as any.
  const std::uint32_t length =
      history_.at_share(running.kind, share, longer_than).value_or(longer_than + 1);
  return running.output_tokens_max == 0 ? length : std::min(length, running.output_tokens_max);
}

PredictedPeak::Running PredictedPeak::running_of(const RequestSpec& request) {
  Running running{.id = request.id,
                  .kind = OutputHistory::kind_of(request),
                  .prompt_tokens = request.prompt_tokens,
                  .output_tokens_max = request.output_tokens_max};
  running.output_tokens = draw(running, 0);
  return running;
}

bool PredictedPeak::forbids(const RequestSpec& request, InstanceId instance,
                            const FleetState& fleet, TimePoint now) {
  const std::uint64_t memory =
      options_.kv_tokens > 0 ? options_.kv_tokens : fleet[instance].spec.kv_cache_tokens;
  const double room = (1.0 - options_.reserve) * static_cast<double>(memory);
  const Running added = running_of(request);
  const double at_worst =
      static_cast<double>(place(instance).end_tokens + added.prompt_tokens + added.output_tokens);
  return at_worst > room && peak_tokens(instance, &request, now) > room;
}

double PredictedPeak::peak_tokens(InstanceId instance, const RequestSpec* request, TimePoint now) {
  Place& at = place(instance);
  demands_.clear();
  for (Running& running : at.running) add_demand(running, at, now);
  if (request != nullptr) {
    const Running added = running_of(*request);
    demands_.push_back(
        {static_cast<double>(added.prompt_tokens), static_cast<double>(added.output_tokens)});
  }
  std::ranges::sort(demands_, std::greater{}, &Demand::remaining_tokens);
  double peak = 0.0;
  double held = 0.0;
  double running_then = 0.0;
  for (const Demand& demand : demands_) {
    held += demand.held_tokens;
    running_then += 1.0;
    peak = std::max(peak, held + running_then * demand.remaining_tokens);
  }
  return peak;
}

void PredictedPeak::add_demand(Running& running, Place& at, TimePoint now) {
  double generated = 0.0;
  const double pace = at.pace.seconds > 0.0 ? at.pace.seconds : pace_.seconds;
  if (running.has_first_token && pace > 0.0) {
    generated = 1.0 + to_seconds(now - running.first_token_at) / pace;
  }
  if (generated >= running.output_tokens) {
    at.end_tokens -= running.output_tokens;
    running.output_tokens = draw(running, static_cast<std::uint32_t>(std::min(generated, 1e9)));
    at.end_tokens += running.output_tokens;
  }
  demands_.push_back(
      {running.prompt_tokens + generated, std::max(0.0, running.output_tokens - generated)});
}

void PredictedPeak::dispatched(const ObservedRequest& seen) {
  Place& at = place(seen.instance);
  at.running.push_back(running_of(seen.request));
  at.end_tokens += at.running.back().prompt_tokens + at.running.back().output_tokens;
}

void PredictedPeak::first_token(const ObservedRequest& seen) {
  Running* running = find(seen.instance, seen.request.id);
  if (running == nullptr) return;
  running->has_first_token = true;
  running->first_token_at = seen.now;
}

void PredictedPeak::ended(const ObservedRequest& seen) {
  if (seen.output_tokens) history_.finished(seen.request, *seen.output_tokens);
  Running* running = find(seen.instance, seen.request.id);
  if (running == nullptr) return;
  Place& at = place(seen.instance);
  if (seen.output_tokens.value_or(0) > 1 && running->has_first_token) {
    const double seconds =
        to_seconds(seen.now - running->first_token_at) / (*seen.output_tokens - 1.0);
    at.pace.observe(seconds);
    pace_.observe(seconds);
  }
  at.end_tokens -= running->prompt_tokens + running->output_tokens;
  *running = at.running.back();
  at.running.pop_back();
}

void PredictedPeak::instance_left(InstanceId instance) {
  place(instance) = {};
}

std::unique_ptr<PlacementVeto> make_predicted_peak(OptionReader& reader, std::uint64_t seed) {
  PredictedPeakOptions options;
  options.reserve = reader.number("reserve", options.reserve, 0.0, 0.9);
  options.kv_tokens = reader.count("kv_tokens", options.kv_tokens, 0, 1'000'000'000);
  options.samples = reader.count("samples", options.samples, 20, 65'536);
  return std::make_unique<PredictedPeak>(options, seed);
}

}  // namespace ringmaster
