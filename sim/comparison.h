#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sim/result_file.h"

namespace ringmaster::sim {

/// How one number differs between two policies, over the pairs in which both have it. Differences
/// are second minus first.
struct MetricDifference {
  std::string metric;
  std::size_t pairs = 0;
  double first = 0;   ///< Mean.
  double second = 0;  ///< Mean.
  double difference = 0;
  /// Half the width of the 95 % confidence interval of the difference: Student's t over the
  /// differences of the pairs, which are taken to be independent and normal. Absent with one pair.
  std::optional<double> half_width;
};

/// Two policies under the same conditions; a pair for each seed.
struct PolicyComparison {
  ResultPoint conditions;  ///< Of the first pair's first point.
  std::string first_policy;
  std::string second_policy;
  std::size_t seeds = 0;
  std::vector<MetricDifference> metrics;  ///< As results order them, the goodput first.
};

struct Comparison {
  std::vector<PolicyComparison> groups;  ///< In the order of the first results.
  std::size_t unpaired_first = 0;        ///< Points that have no partner.
  std::size_t unpaired_second = 0;
};

/// Results and what they are called in messages.
struct NamedResults {
  std::string name;
  std::span<const ResultPoint> points;
  std::optional<std::string> policy;  ///< Only this one of its policies; absent: all.
};

/// Pairs points that agree in trace, rate, instances, gateways, setting, profile, model, arrivals
/// and seed; of goodput searches, whose rate is the result, in all but the rate. A policy is paired
/// with itself if both have it, else the only policy of one with the only policy of the other.
///
/// Fails with kInvalidArgument: a policy asked for that is not there, policies that cannot be told
/// to belong together, two points of one key, or no pair at all (the message names the nearest
/// two points and what they differ in). O(points^2).
[[nodiscard]] Result<Comparison> compare_results(const NamedResults& first,
                                                 const NamedResults& second);

/// A JSON array with one object a group.
[[nodiscard]] std::string to_json(const Comparison& comparison);

/// For people: conditions, then a table of the numbers that matter most.
[[nodiscard]] std::string to_table(const Comparison& comparison);

}  // namespace ringmaster::sim
