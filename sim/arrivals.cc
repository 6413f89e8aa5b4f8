#include "sim/arrivals.h"

#include <array>
#include <cstdio>

#include "base/number_text.h"
#include "sim/distributions.h"

namespace ringmaster::sim {
namespace {

constexpr double kRateMax = 1e6;

std::vector<Duration> timestamps_of(std::span<const WorkloadRequest> requests) {
  std::vector<Duration> timestamps;
  timestamps.reserve(requests.size());
  for (const WorkloadRequest& request : requests) timestamps.push_back(request.timestamp);
  return timestamps;
}

/// Puts gaps of the seed's choice between the requests. Each draw is the same whatever the policy,
/// so that runs with one seed can be compared request by request.
void apply_rhythm(const ArrivalOptions& options, std::vector<double>& seconds) {
  if (options.rhythm == Rhythm::kTrace && options.jitter_cv == 0.0) return;
  Random random(mix64(options.seed));
  double before = seconds.front();
  double moment = before;
  for (std::size_t i = 1; i < seconds.size(); ++i) {
    const double gap = seconds[i] - before;
    before = seconds[i];
    moment += options.rhythm == Rhythm::kPoisson ? draw_exponential(random, 1.0)
                                                 : gap * draw_gamma(random, 1.0, options.jitter_cv);
    seconds[i] = moment;
  }
}

Status check(std::size_t request_count, const ArrivalOptions& options) {
  if (!(options.qps > 0.0) || options.qps > kRateMax) {
    return invalid("qps: expected a rate in (0, 1e6], found " + format_number(options.qps));
  }
  if (!(options.warmup_qps >= 0.0) || options.warmup_qps > kRateMax) {
    return invalid("warmup qps: expected a rate in [0, 1e6], found " +
                   format_number(options.warmup_qps));
  }
  if (!(options.jitter_cv == 0.0 || (options.jitter_cv >= 0.01 && options.jitter_cv <= 10.0))) {
    return invalid("jitter: expected 0 or a number in [0.01, 10], found " +
                   format_number(options.jitter_cv));
  }
  if (options.jitter_cv > 0.0 && options.rhythm != Rhythm::kTrace) {
    return invalid("jitter: expected arrivals in the trace's rhythm with it");
  }
  if (options.warmup_requests >= request_count) {
    return invalid("warmup: expected fewer than the " + std::to_string(request_count) +
                   " requests replayed, found " + std::to_string(options.warmup_requests));
  }
  return {};
}

struct CountedGaps {
  double count;
  double span_s;
};

/// Each counted request owns the gap before it; the very first of a trace has none.
CountedGaps counted_gaps(const std::vector<double>& seconds, std::size_t warmup) {
  const std::size_t before = warmup > 0 ? warmup - 1 : 0;
  return {static_cast<double>(seconds.size() - 1 - before), seconds.back() - seconds[before]};
}

tl::unexpected<Error> no_span() {
  return invalid("the counted requests all have the same timestamp: no rate can be given to them");
}

}  // namespace

std::string name_of_rhythm(const ArrivalOptions& options) {
  if (options.rhythm == Rhythm::kPoisson) return "poisson";
  if (options.jitter_cv == 0.0) return "trace";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "trace, jitter %g", options.jitter_cv);
  return text.data();
}

std::vector<double> spread_equal_timestamps(std::span<const Duration> timestamps) {
  std::vector<double> seconds(timestamps.size());
  double gap = 0.0;
  for (std::size_t begin = 0; begin < timestamps.size();) {
    std::size_t end = begin;
    while (end < timestamps.size() && timestamps[end] == timestamps[begin]) ++end;
    if (end < timestamps.size()) gap = to_seconds(timestamps[end] - timestamps[begin]);
    const double start = to_seconds(timestamps[begin]);
    const double step = gap / static_cast<double>(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
      seconds[i] = start + step * static_cast<double>(i - begin);
    }
    begin = end;
  }
  return seconds;
}

Result<std::vector<Duration>> plan_arrivals(std::span<const WorkloadRequest> requests,
                                            const ArrivalOptions& options) {
  if (auto status = check(requests.size(), options); !status) {
    return tl::unexpected(std::move(status).error());
  }
  std::vector<double> trace = spread_equal_timestamps(timestamps_of(requests));
  apply_rhythm(options, trace);
  const std::size_t warmup = options.warmup_requests;
  const auto [gaps, span] = counted_gaps(trace, warmup);
  if (gaps > 0 && !(span > 0)) return no_span();
  const double scale = gaps > 0 ? gaps / (options.qps * span) : 1.0;

  std::vector<Duration> arrivals(requests.size());
  double seconds = 0.0;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if (i < warmup && options.warmup_qps > 0.0) {
      seconds = static_cast<double>(i) / options.warmup_qps;
    } else if (i > 0) {
      seconds += (trace[i] - trace[i - 1]) * scale;
    }
    arrivals[i] = from_seconds(seconds);
  }
  return arrivals;
}

Result<double> own_rate(std::span<const WorkloadRequest> requests, std::size_t warmup_requests) {
  if (auto status = check(requests.size(), {.qps = 1, .warmup_requests = warmup_requests});
      !status) {
    return tl::unexpected(std::move(status).error());
  }
  const auto [gaps, span] =
      counted_gaps(spread_equal_timestamps(timestamps_of(requests)), warmup_requests);
  if (!(span > 0)) return no_span();
  return gaps / span;
}

}  // namespace ringmaster::sim
