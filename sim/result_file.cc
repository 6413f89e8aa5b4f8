#include "sim/result_file.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include <simdjson.h>

#include "sim/metric_fields.h"

namespace ringmaster::sim {
namespace {

namespace dom = simdjson::dom;

/// Results written before these were counted are still good for all else.
constexpr std::array<std::string_view, 3> kLaterMetrics = {"lost", "instance_seconds",
                                                           "instances_most"};

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};

/// Reads the members of one object and remembers the first that is not as expected.
class MemberReader {
 public:
  MemberReader(dom::object object, const std::string& place) : object_(object), place_(place) {}

  template <class T>
  void read(std::string_view key, T& value) {
    dom::element element;
    if (object_[key].get(element) != simdjson::SUCCESS) {
      refuse(key, "nothing; make the file anew with `ringmaster sim ... --json FILE`");
      return;
    }
    if constexpr (IsOptional<T>::value) {
      if (element.is_null()) return;
      read_as(key, element, value.emplace());
    } else {
      read_as(key, element, value);
    }
  }

  /// Leaves the value alone where the key is absent.
  template <class T>
  void read_if_there(std::string_view key, T& value) {
    dom::element element;
    if (object_[key].get(element) == simdjson::SUCCESS) read(key, value);
  }

  /// Likewise for a metric, which is then noted in `absent`.
  template <class T>
  void read_metric_if_there(std::string_view key, T& value, std::vector<std::string>& absent) {
    dom::element element;
    if (object_[key].get(element) == simdjson::SUCCESS) return read(key, value);
    absent.emplace_back(key);
  }

  [[nodiscard]] Status status() const {
    if (problem_.empty()) return {};
    return invalid(problem_);
  }

 private:
  template <class T>
  void read_as(std::string_view key, dom::element element, T& value) {
    using Read = std::conditional_t<
        std::is_same_v<T, std::string>, std::string_view,
        std::conditional_t<std::is_same_v<T, bool> || std::is_floating_point_v<T>,
                           std::conditional_t<std::is_same_v<T, bool>, bool, double>,
                           std::uint64_t>>;
    Read read{};
    if (element.get(read) != simdjson::SUCCESS) {
      refuse(key, std::string(simdjson::minify(element)).substr(0, 40));
      return;
    }
    value = static_cast<T>(read);
  }

  void refuse(std::string_view key, std::string_view found) {
    if (!problem_.empty()) return;
    problem_ = place_ + ": expected a result of `ringmaster sim --json` with \"" +
               std::string(key) + "\", found " + std::string(found);
  }

  dom::object object_;
  const std::string& place_;
  std::string problem_;
};

Result<ResultPoint> read_point(dom::element element, const std::string& place) {
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) {
    return invalid(place + ": expected an object, found " +
                   simdjson::minify(element).substr(0, 40));
  }
  MemberReader reader(object, place);
  ResultPoint point;
  reader.read("trace", point.trace);
  reader.read("policy", point.policy);
  reader.read("qps", point.qps);
  reader.read("instances", point.instances);
  reader.read_if_there("gateways", point.gateways);
  reader.read_if_there("peers", point.peers);
  reader.read("setting", point.setting);
  reader.read("profile", point.profile);
  reader.read("model", point.model);
  reader.read("seed", point.seed);
  reader.read_if_there("arrivals", point.arrivals);
  visit_metrics(point.metrics, [&](std::string_view name, auto& value) {
    if (std::ranges::find(kLaterMetrics, name) == kLaterMetrics.end()) {
      reader.read(name, value);
    } else {
      reader.read_metric_if_there(name, value, point.absent);
    }
  });
  if (object["prefetch_orders"].error() == simdjson::SUCCESS) {
    visit_copies(point.copies.emplace(),
                 [&reader](std::string_view name, auto& value) { reader.read(name, value); });
  }
  reader.read_if_there("goodput_qps", point.goodput_qps);
  reader.read_if_there("bound_qps", point.bound_qps);
  if (auto status = reader.status(); !status) return tl::unexpected(std::move(status).error());
  return point;
}

tl::unexpected<Error> not_json(const std::string& place, simdjson::error_code error) {
  return invalid(place + ": expected JSON: " + simdjson::error_message(error));
}

}  // namespace

Result<ResultPoint> parse_result(std::string_view json, const std::string& place) {
  dom::parser parser;
  const auto parsed = parser.parse(simdjson::padded_string(json));
  if (const auto error = parsed.error()) return not_json(place, error);
  return read_point(parsed.value_unsafe(), place);
}

Result<std::vector<ResultPoint>> parse_results(std::string_view json, const std::string& file) {
  dom::parser parser;
  const simdjson::padded_string padded(json);
  const auto parsed = parser.parse(padded);
  if (const auto error = parsed.error()) return not_json(file, error);
  dom::array array;
  if (parsed.get(array) != simdjson::SUCCESS) {
    return invalid(file + ": expected the list that `ringmaster sim --json` writes");
  }
  std::vector<ResultPoint> points;
  for (const dom::element element : array) {
    const std::string place = file + ": point " + std::to_string(points.size() + 1);
    auto point = read_point(element, place);
    if (!point) return tl::unexpected(std::move(point).error());
    points.push_back(std::move(*point));
  }
  if (points.empty()) return invalid(file + ": expected at least one point, found none");
  return points;
}

}  // namespace ringmaster::sim
