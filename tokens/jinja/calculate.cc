#include <cmath>

#include "tokens/jinja/interpreter.h"
#include "tokens/jinja/print.h"

namespace ringmaster::jinja {
namespace {

Value overflow(const CallSite& site) {
  return site.fail("must stay within integers of 64 bits");
}

Value power(const CallSite& site, std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) return std::pow(static_cast<double>(base), static_cast<double>(exponent));
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) != 0 && __builtin_mul_overflow(result, base, &result)) return overflow(site);
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return overflow(site);
  }
  return result;
}

Value calculate_integers(const CallSite& site, BinaryOperator operation, std::int64_t a,
                         std::int64_t b) {
  std::int64_t result = 0;
  bool is_too_big = false;
  switch (operation) {
    case BinaryOperator::kAdd:
      is_too_big = __builtin_add_overflow(a, b, &result);
      break;
    case BinaryOperator::kSubtract:
      is_too_big = __builtin_sub_overflow(a, b, &result);
      break;
    case BinaryOperator::kMultiply:
      is_too_big = __builtin_mul_overflow(a, b, &result);
      break;
    case BinaryOperator::kPower:
      return power(site, a, b);
    default: {
      if (b == 0) return site.fail("must not divide by zero");
      if (operation == BinaryOperator::kDivide) {
        return static_cast<double>(a) / static_cast<double>(b);
      }
      if (b == -1) {  // The one quotient that can overflow.
        if (operation == BinaryOperator::kModulo) return std::int64_t{0};
        is_too_big = __builtin_sub_overflow(std::int64_t{0}, a, &result);
        break;
      }
      // Python rounds down, C++ towards zero.
      const bool rounds = a % b != 0 && (a % b < 0) != (b < 0);
      if (operation == BinaryOperator::kFloorDivide) return a / b - (rounds ? 1 : 0);
      return a % b + (rounds ? b : 0);
    }
  }
  return is_too_big ? overflow(site) : Value(result);
}

Value calculate_floats(const CallSite& site, BinaryOperator operation, double a, double b) {
  switch (operation) {
    case BinaryOperator::kAdd:
      return a + b;
    case BinaryOperator::kSubtract:
      return a - b;
    case BinaryOperator::kMultiply:
      return a * b;
    case BinaryOperator::kPower:
      return std::pow(a, b);
    default:
      break;
  }
  if (b == 0.0) return site.fail("must not divide by zero");
  if (operation == BinaryOperator::kDivide) return a / b;
  if (operation == BinaryOperator::kFloorDivide) return std::floor(a / b);
  const double rest = std::fmod(a, b);
  return rest != 0.0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

Value repeated(const CallSite& site, const Value& value, std::int64_t times) {
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
  if (const MarkedText* text = value.text()) {
    std::size_t size = 0;
    if (__builtin_mul_overflow(text->size(), count, &size)) size = SIZE_MAX;
    MarkedText result;
    if (!site.charge_text(size)) return {};
    for (std::size_t i = 0; i < (size == 0 ? 0 : count); ++i) result.append(*text);
    return result;
  }
  const auto& list = *value.list();
  std::uint64_t steps = 0;
  if (__builtin_mul_overflow(list.size() * kStepsPerElement, count, &steps)) steps = UINT64_MAX;
  if (!site.charge(steps)) return {};
  std::vector<Value> items;
  for (std::size_t i = 0; i < (list.empty() ? 0 : count); ++i) {
    items.insert(items.end(), list.begin(), list.end());
  }
  return items;
}

Value concatenated(const CallSite& site, const Value& a, const Value& b) {
  if (!site.charge_text(a.extent().size + b.extent().size)) return {};
  MarkedText text = to_text(a);
  text.append(to_text(b));
  return text;
}

Value joined_lists(const CallSite& site, const std::vector<Value>& a, const std::vector<Value>& b) {
  if (!site.charge((a.size() + b.size()) * kStepsPerElement)) return {};
  std::vector<Value> items = a;
  items.insert(items.end(), b.begin(), b.end());
  return items;
}

std::string_view symbol(BinaryOperator operation) {
  switch (operation) {
    case BinaryOperator::kAdd:
      return "+";
    case BinaryOperator::kSubtract:
      return "-";
    case BinaryOperator::kMultiply:
      return "*";
    case BinaryOperator::kDivide:
      return "/";
    case BinaryOperator::kFloorDivide:
      return "//";
    case BinaryOperator::kModulo:
      return "%";
    default:
      return "**";
  }
}

}  // namespace

Value calculate(const CallSite& site, BinaryOperator operation, const Value& a, const Value& b) {
  if (operation == BinaryOperator::kConcatenate) return concatenated(site, a, b);
  if (a.integer() && b.integer()) {
    return calculate_integers(site, operation, *a.integer(), *b.integer());
  }
  if (a.is_number() && b.is_number()) {
    return calculate_floats(site, operation, a.number(), b.number());
  }
  if (operation == BinaryOperator::kAdd) {
    if (a.text() != nullptr && b.text() != nullptr) return concatenated(site, a, b);
    if (a.list() != nullptr && b.list() != nullptr) return joined_lists(site, *a.list(), *b.list());
  }
  if (operation == BinaryOperator::kMultiply) {
    const bool is_a_repeated = (a.text() != nullptr || a.list() != nullptr) && b.integer();
    const bool is_b_repeated = (b.text() != nullptr || b.list() != nullptr) && a.integer();
    if (is_a_repeated) return repeated(site, a, *b.integer());
    if (is_b_repeated) return repeated(site, b, *a.integer());
  }
  return site.fail("must have other operands for " + std::string(symbol(operation)) + ", has " +
                   std::string(a.kind()) + " and " + std::string(b.kind()));
}

}  // namespace ringmaster::jinja
