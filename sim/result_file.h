#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/metrics.h"

namespace ringmaster::sim {

/// A point as results name it, with its numbers; see to_json() in sim/report.h.
struct ResultPoint {
  std::string trace;
  std::string policy;
  double qps = 0;  ///< Of a goodput search: the rate found.
  std::uint64_t instances = 0;
  std::uint64_t gateways = 1;
  bool peers = false;
  std::string setting;
  std::string profile;
  std::string model;
  std::uint64_t seed = 0;
  std::string arrivals = "trace";
  RunMetrics metrics;
  std::vector<std::string> absent;    ///< Metrics that the file lacks; in `metrics` they are 0.
  std::optional<CopyFigures> copies;  ///< Of the model with host memory.
  std::optional<double> goodput_qps;
  std::optional<double> bound_qps;
};

/// Reads one object as to_json() writes it; keys that it does not know are skipped. What later
/// versions have added to the metrics (`lost`, `instance_seconds`, `instances_most`) may be absent.
/// Fails with kInvalidArgument "<place>: expected ..., found ..."; where a key is missing the
/// message says how the file is made anew.
[[nodiscard]] Result<ResultPoint> parse_result(std::string_view json, const std::string& place);

/// Reads what `ringmaster sim --json` wrote. Fails likewise, with "<file>: point 3" as the place;
/// also if there is no point.
[[nodiscard]] Result<std::vector<ResultPoint>> parse_results(std::string_view json,
                                                             const std::string& file);

}  // namespace ringmaster::sim
