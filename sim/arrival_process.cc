#include "sim/arrival_process.h"

#include <cmath>
#include <numbers>
#include <string>

#include "base/number_text.h"
#include "sim/distributions.h"

namespace ringmaster::sim {
namespace {

Status in_range(std::string_view option, double value, double min, double max, bool takes_min) {
  if (value <= max && (takes_min ? value >= min : value > min)) return {};
  return invalid("arrivals: expected " + std::string(option) + " in " + (takes_min ? "[" : "(") +
                 format_number(min) + ", " + format_number(max) + "], found " +
                 format_number(value));
}

}  // namespace

Result<ArrivalKind> parse_arrival_kind(std::string_view name) {
  if (name == "poisson") return ArrivalKind::kPoisson;
  if (name == "gamma") return ArrivalKind::kGamma;
  if (name == "diurnal") return ArrivalKind::kDiurnal;
  return invalid("arrivals: expected poisson, gamma or diurnal, found \"" + std::string(name) +
                 "\"");
}

Status ArrivalProcess::check(const ArrivalProcessOptions& options) {
  if (auto status = in_range("a rate", options.rate, 0, 1e6, false); !status) return status;
  if (options.kind == ArrivalKind::kGamma) {
    return in_range("a coefficient of variation", options.gap_cv, 0.1, 20, true);
  }
  if (options.kind == ArrivalKind::kDiurnal) {
    if (auto status = in_range("a period", options.period_s, 0, 1e9, false); !status) return status;
    return in_range("a depth", options.depth, 0, 1, true);
  }
  return {};
}

double ArrivalProcess::next() {
  switch (options_.kind) {
    case ArrivalKind::kPoisson:
      return time_s_ += draw_exponential(random_, 1.0 / options_.rate);
    case ArrivalKind::kGamma:
      return time_s_ += draw_gamma(random_, 1.0 / options_.rate, options_.gap_cv);
    case ArrivalKind::kDiurnal:
      break;
  }
  return next_diurnal();
}

double ArrivalProcess::next_diurnal() {
  const double rate_max = options_.rate * (1.0 + options_.depth);
  for (;;) {
    time_s_ += draw_exponential(random_, 1.0 / rate_max);
    const double phase = 2.0 * std::numbers::pi * time_s_ / options_.period_s;
    const double rate = options_.rate * (1.0 - options_.depth * std::cos(phase));
    if (random_.unit() * rate_max < rate) return time_s_;
  }
}

}  // namespace ringmaster::sim
