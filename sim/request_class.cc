#include "sim/request_class.h"

#include <algorithm>
#include <cmath>

#include "base/number_text.h"
#include "base/random.h"

namespace ringmaster::sim {
namespace {

constexpr double kShareSumTolerance = 1e-6;
/// Keeps the draw apart from every other use of the seed.
constexpr std::uint64_t kClassSalt = 0x636c'6173'7365'7321ULL;

}  // namespace

Status check(std::span<const RequestClass> classes) {
  if (classes.empty()) return {};
  if (classes.size() > kRequestClassesMax) {
    return invalid("classes: expected at most " + std::to_string(kRequestClassesMax) + ", found " +
                   std::to_string(classes.size()));
  }
  double sum = 0.0;
  for (const RequestClass& one : classes) {
    if (std::ranges::count(classes, one.name, &RequestClass::name) > 1) {
      return invalid("class " + one.name + ": given twice");
    }
    if (!(one.share > 0.0 && one.share <= 1.0)) {
      return invalid("class " + one.name + ": expected a share above 0 and at most 1");
    }
    if (one.ttft_slo <= Duration::zero() || one.tpot_slo < Duration::zero()) {
      return invalid("class " + one.name + ": expected targets above 0s");
    }
    sum += one.share;
  }
  if (std::abs(sum - 1.0) > kShareSumTolerance) {
    return invalid("classes: expected shares that sum to 1, found " + format_number(sum));
  }
  return {};
}

std::vector<std::uint8_t> draw_classes(std::span<const RequestClass> classes, std::size_t requests,
                                       std::uint64_t seed) {
  if (classes.empty()) return {};
  Random random(seed ^ kClassSalt);
  std::vector<std::uint8_t> drawn(requests);
  for (std::uint8_t& of_request : drawn) {
    double left = random.unit();
    std::uint8_t index = 0;
    // What rounding leaves over falls to the last class.
    while (index + 1U < classes.size() && left >= classes[index].share) {
      left -= classes[index].share;
      ++index;
    }
    of_request = index;
  }
  return drawn;
}

}  // namespace ringmaster::sim
