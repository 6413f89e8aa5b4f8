// The tests behind "is".

#include <algorithm>
#include <array>
#include <utility>

#include "tokens/jinja/builtins.h"
#include "tokens/jinja/text_operations.h"

namespace ringmaster::jinja {
namespace {

using Arguments = CallArguments;

const Value& argument(const CallSite& site, const Arguments& arguments) {
  static const Value kUndefined;
  if (const Value* value = arguments.find(0, "other")) return *value;
  site.fail("must have an argument behind the test");
  return kUndefined;
}

bool is_equal(const CallSite& site, const Value& value, const Arguments& arguments) {
  const Value& other = argument(site, arguments);
  return site.charge_comparison(value, other) && value == other;
}

bool is_whole(const Value& value) {
  return value.boolean() == nullptr && value.integer().has_value();
}

bool is_multiple(const CallSite& site, const Value& value, std::int64_t of) {
  if (!value.integer() || of == 0) {
    site.fail("must be an integer and a divisor that is not zero, is " + std::string(value.kind()));
    return false;
  }
  // -1 apart: the one quotient that overflows.
  return of == -1 || *value.integer() % of == 0;
}

bool is_ordered(const CallSite& site, const Value& value, const Arguments& arguments,
                bool (*holds)(int)) {
  const Value& other = argument(site, arguments);
  if (!site.charge_comparison(value, other)) return false;
  const auto order = compare(value, other);
  if (!order) site.fail("must compare two numbers or two strings");
  return order && holds(*order);
}

constexpr std::array<std::pair<std::string_view, TestFunction>, 35> kTests{{
    {"defined", [](auto&, auto& v, auto&) { return !v.is_undefined(); }},
    {"undefined", [](auto&, auto& v, auto&) { return v.is_undefined(); }},
    {"none", [](auto&, auto& v, auto&) { return v.is_none(); }},
    {"boolean", [](auto&, auto& v, auto&) { return v.boolean() != nullptr; }},
    {"true", [](auto&, auto& v, auto&) { return v.boolean() != nullptr && *v.boolean(); }},
    {"false", [](auto&, auto& v, auto&) { return v.boolean() != nullptr && !*v.boolean(); }},
    {"integer", [](auto&, auto& v, auto&) { return is_whole(v); }},
    {"float", [](auto&, auto& v, auto&) { return v.floating() != nullptr; }},
    {"number", [](auto&, auto& v, auto&) { return v.is_number(); }},
    {"string", [](auto&, auto& v, auto&) { return v.text() != nullptr; }},
    {"mapping", [](auto&, auto& v, auto&) { return v.dict() != nullptr; }},
    {"sequence",
     [](auto&, auto& v, auto&) {
       return v.list() != nullptr || v.text() != nullptr || v.dict() != nullptr;
     }},
    {"iterable",
     [](auto&, auto& v, auto&) {
       return v.list() != nullptr || v.text() != nullptr || v.dict() != nullptr || v.is_undefined();
     }},
    {"callable", [](auto&, auto& v, auto&) { return v.callable() != nullptr; }},
    {"even", [](auto& s, auto& v, auto&) { return is_multiple(s, v, 2); }},
    {"odd", [](auto& s, auto& v, auto&) { return !is_multiple(s, v, 2); }},
    {"divisibleby",
     [](auto& s, auto& v, auto& a) {
       return is_multiple(s, v, argument(s, a).integer().value_or(0));
     }},
    {"lower",
     [](auto&, auto& v, auto&) {
       return v.text() != nullptr && lower(v.text()->bytes()) == v.text()->bytes();
     }},
    {"upper",
     [](auto&, auto& v, auto&) {
       return v.text() != nullptr && upper(v.text()->bytes()) == v.text()->bytes();
     }},
    {"in", [](auto& s, auto& v, auto& a) { return contains(s, argument(s, a), v); }},
    {"eq", [](auto& s, auto& v, auto& a) { return is_equal(s, v, a); }},
    {"equalto", [](auto& s, auto& v, auto& a) { return is_equal(s, v, a); }},
    {"==", [](auto& s, auto& v, auto& a) { return is_equal(s, v, a); }},
    {"ne", [](auto& s, auto& v, auto& a) { return !is_equal(s, v, a); }},
    {"!=", [](auto& s, auto& v, auto& a) { return !is_equal(s, v, a); }},
    {"sameas",
     [](auto& s, auto& v, auto& a) {
       const Value& other = argument(s, a);
       return v.kind() == other.kind() && is_equal(s, v, a);
     }},
    {"lt",
     [](auto& s, auto& v, auto& a) { return is_ordered(s, v, a, [](int o) { return o < 0; }); }},
    {"lessthan",
     [](auto& s, auto& v, auto& a) { return is_ordered(s, v, a, [](int o) { return o < 0; }); }},
    {"le",
     [](auto& s, auto& v, auto& a) { return is_ordered(s, v, a, [](int o) { return o <= 0; }); }},
    {"gt",
     [](auto& s, auto& v, auto& a) { return is_ordered(s, v, a, [](int o) { return o > 0; }); }},
    {"greaterthan",
     [](auto& s, auto& v, auto& a) { return is_ordered(s, v, a, [](int o) { return o > 0; }); }},
    {"ge",
     [](auto& s, auto& v, auto& a) { return is_ordered(s, v, a, [](int o) { return o >= 0; }); }},
    {"filter",
     [](auto&, auto& v, auto&) {
       return v.text() != nullptr && find_filter(v.text()->bytes()) != nullptr;
     }},
    {"test", [](auto&, auto& v,
                auto&) { return v.text() != nullptr && find_test(v.text()->bytes()) != nullptr; }},
    {"escaped", [](auto&, auto&, auto&) { return false; }},
}};

}  // namespace

TestFunction find_test(std::string_view name) {
  const auto* found = std::find_if(kTests.begin(), kTests.end(),
                                   [&](const auto& entry) { return entry.first == name; });
  return found == kTests.end() ? nullptr : found->second;
}

}  // namespace ringmaster::jinja
