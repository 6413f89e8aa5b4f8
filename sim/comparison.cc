#include "sim/comparison.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <utility>

#include "base/json_text.h"
#include "sim/mean_interval.h"
#include "sim/metric_fields.h"

namespace ringmaster::sim {
namespace {

struct Condition {
  std::string_view name;
  std::string value;
};

using Conditions = std::array<Condition, 10>;

/// What two points must agree in, next to the seed.
Conditions conditions_of(const ResultPoint& point) {
  std::string qps = "goodput";
  if (!point.goodput_qps) {
    qps.clear();
    append_json_number(qps, point.qps);
  }
  return {{{"trace", point.trace},
           {"qps", qps},
           {"instances", std::to_string(point.instances)},
           {"gateways", std::to_string(point.gateways)},
           {"peers", point.peers ? "yes" : "no"},
           {"setting", point.setting},
           {"profile", point.profile},
           {"model", point.model},
           {"arrivals", point.arrivals},
           {"seed", std::to_string(point.seed)}}};
}

constexpr std::size_t kSeed = 9;  // Its place among the conditions.

std::vector<std::size_t> differing(const Conditions& one, const Conditions& other) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (one[i].value != other[i].value) places.push_back(i);
  }
  return places;
}

using Points = std::vector<const ResultPoint*>;
using Pair = std::pair<const ResultPoint*, const ResultPoint*>;

std::string listed(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

Result<std::set<std::string>> policies_of(const NamedResults& results) {
  std::set<std::string> policies;
  for (const ResultPoint& point : results.points) policies.insert(point.policy);
  if (!results.policy) return policies;
  if (policies.contains(*results.policy)) return std::set<std::string>{*results.policy};
  return invalid(results.name + ": expected one of its policies (" + listed(policies) +
                 "), found \"" + *results.policy + "\"");
}

using PolicyPairs = std::vector<std::pair<std::string, std::string>>;

Result<PolicyPairs> pair_policies(const NamedResults& first, const NamedResults& second) {
  const auto of_first = policies_of(first);
  if (!of_first) return tl::unexpected(of_first.error());
  const auto of_second = policies_of(second);
  if (!of_second) return tl::unexpected(of_second.error());
  if (of_first->size() == 1 && of_second->size() == 1) {
    return PolicyPairs{{*of_first->begin(), *of_second->begin()}};
  }
  PolicyPairs pairs;
  for (const std::string& policy : *of_first) {
    if (of_second->contains(policy)) pairs.emplace_back(policy, policy);
  }
  if (!pairs.empty()) return pairs;
  return invalid("expected one policy in each file or the same ones in both, found " +
                 listed(*of_first) + " in " + first.name + " and " + listed(*of_second) + " in " +
                 second.name + "; --first-policy and --second-policy choose");
}

Points points_of(const NamedResults& results, const std::string& policy) {
  Points points;
  for (const ResultPoint& point : results.points) {
    if (point.policy == policy) points.push_back(&point);
  }
  return points;
}

std::string in_words(const Conditions& conditions) {
  std::string text;
  for (const Condition& condition : conditions) {
    text += (text.empty() ? "" : ", ") + std::string(condition.name) + " " + condition.value;
  }
  return text;
}

Status check_distinct(const std::string& name, const Points& points) {
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Conditions conditions = conditions_of(*points[i]);
    for (std::size_t j = 0; j < i; ++j) {
      if (!differing(conditions, conditions_of(*points[j])).empty()) continue;
      return invalid(name + ": expected one point of " + points[i]->policy + " for " +
                     in_words(conditions) + ", found two");
    }
  }
  return {};
}

/// The partner of each point, null where it has none.
std::vector<Pair> pair_points(const Points& first, const Points& second) {
  std::vector<Pair> pairs;
  for (const ResultPoint* point : first) {
    const Conditions conditions = conditions_of(*point);
    const auto partner = std::ranges::find_if(second, [&](const ResultPoint* other) {
      return differing(conditions, conditions_of(*other)).empty();
    });
    pairs.emplace_back(point, partner == second.end() ? nullptr : *partner);
  }
  return pairs;
}

/// Means and interval of (first, second) values.
MetricDifference difference_of(std::string metric,
                               const std::vector<std::pair<double, double>>& values) {
  const auto pairs = static_cast<double>(values.size());
  MetricDifference found{.metric = std::move(metric), .pairs = values.size()};
  std::vector<double> differences;
  for (const auto& [first, second] : values) {
    found.first += first / pairs;
    found.second += second / pairs;
    differences.push_back(second - first);
  }
  const MeanWithInterval mean = independent_mean(differences);
  found.difference = mean.mean;
  found.half_width = mean.half_width;
  return found;
}

/// A point's numbers in the order of results; absent ones are NaN.
std::vector<std::pair<std::string, double>> numbers_of(const ResultPoint& point) {
  std::vector<std::pair<std::string, double>> numbers;
  if (point.goodput_qps) numbers.emplace_back("goodput_qps", *point.goodput_qps);
  const auto add = [&numbers](std::string_view name, const std::optional<double>& value) {
    numbers.emplace_back(name, value.value_or(std::nan("")));
  };
  visit_metrics(point.metrics, [&](std::string_view name, const auto& value) {
    if (std::ranges::find(point.absent, name) != point.absent.end()) {
      add(name, std::nullopt);
    } else if constexpr (std::is_arithmetic_v<std::remove_cvref_t<decltype(value)>>) {
      add(name, static_cast<double>(value));
    } else {
      add(name, value);
    }
  });
  return numbers;
}

std::vector<MetricDifference> differences_of(const std::vector<Pair>& pairs) {
  std::vector<std::string> names;
  std::vector<std::vector<std::pair<double, double>>> values;
  for (const auto& [first, second] : pairs) {
    const auto of_first = numbers_of(*first);
    const auto of_second = numbers_of(*second);
    values.resize(of_first.size());
    names.resize(of_first.size());
    for (std::size_t i = 0; i < of_first.size(); ++i) {
      names[i] = of_first[i].first;
      const std::pair both(of_first[i].second, of_second[i].second);
      if (!std::isnan(both.first) && !std::isnan(both.second)) values[i].push_back(both);
    }
  }
  std::vector<MetricDifference> differences;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!values[i].empty()) differences.push_back(difference_of(names[i], values[i]));
  }
  return differences;
}

/// Puts pairs that differ in nothing but the seed together.
void add_groups(const std::vector<Pair>& pairs, Comparison& comparison) {
  std::vector<std::vector<Pair>> groups;
  for (const Pair& pair : pairs) {
    if (pair.second == nullptr) continue;
    const Conditions conditions = conditions_of(*pair.first);
    const auto group = std::ranges::find_if(groups, [&](const std::vector<Pair>& members) {
      const auto places = differing(conditions, conditions_of(*members.front().first));
      return places.empty() || places == std::vector<std::size_t>{kSeed};
    });
    if (group == groups.end()) {
      groups.push_back({pair});
    } else {
      group->push_back(pair);
    }
  }
  for (const auto& members : groups) {
    comparison.groups.push_back({.conditions = *members.front().first,
                                 .first_policy = members.front().first->policy,
                                 .second_policy = members.front().second->policy,
                                 .seeds = members.size(),
                                 .metrics = differences_of(members)});
  }
}

/// Says why nothing pairs, by the two points that are nearest to each other.
tl::unexpected<Error> nothing_pairs(const NamedResults& first, const NamedResults& second,
                                    const PolicyPairs& policies) {
  std::string nearest;
  std::size_t fewest = kSeed + 2;
  for (const auto& [first_policy, second_policy] : policies) {
    for (const ResultPoint* one : points_of(first, first_policy)) {
      for (const ResultPoint* other : points_of(second, second_policy)) {
        const Conditions of_one = conditions_of(*one);
        const Conditions of_other = conditions_of(*other);
        const auto places = differing(of_one, of_other);
        if (places.size() >= fewest) continue;
        fewest = places.size();
        nearest.clear();
        for (const std::size_t place : places) {
          nearest += (nearest.empty() ? "" : ", ") + std::string(of_one[place].name) + " (" +
                     of_one[place].value + " and " + of_other[place].value + ")";
        }
      }
    }
  }
  return invalid(
      "expected points that agree in trace, qps, instances, gateways, peers, setting, profile, "
      "model, arrivals and seed; the nearest of " +
      first.name + " and " + second.name + " differ in " + nearest);
}

}  // namespace

Result<Comparison> compare_results(const NamedResults& first, const NamedResults& second) {
  const auto policies = pair_policies(first, second);
  if (!policies) return tl::unexpected(policies.error());
  Comparison comparison;
  for (const auto& [first_policy, second_policy] : *policies) {
    const Points of_first = points_of(first, first_policy);
    const Points of_second = points_of(second, second_policy);
    for (const auto& [name, points] :
         {std::pair(first.name, &of_first), std::pair(second.name, &of_second)}) {
      if (auto status = check_distinct(name, *points); !status) {
        return tl::unexpected(std::move(status).error());
      }
    }
    const auto pairs = pair_points(of_first, of_second);
    const auto paired = static_cast<std::size_t>(
        std::ranges::count_if(pairs, [](const Pair& pair) { return pair.second != nullptr; }));
    comparison.unpaired_first += of_first.size() - paired;
    comparison.unpaired_second += of_second.size() - paired;
    add_groups(pairs, comparison);
  }
  if (comparison.groups.empty()) return nothing_pairs(first, second, *policies);
  return comparison;
}

}  // namespace ringmaster::sim
