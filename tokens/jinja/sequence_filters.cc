// Filters that choose, order or count.

#include <algorithm>
#include <array>

#include "tokens/jinja/builtins.h"
#include "tokens/jinja/print.h"
#include "tokens/jinja/text_operations.h"

namespace ringmaster::jinja {
namespace {

using Arguments = CallArguments;
using Items = std::vector<Value>;

/// "a.b.0" names the items of items.
Value by_path(const CallSite& site, Value value, const Value& path) {
  if (path.text() == nullptr) return item_of(site, value, path);
  for (const MarkedText& part : split(*path.text(), ".")) {
    const std::string& bytes = part.bytes();
    const bool is_index =
        !bytes.empty() && bytes.size() < 10 &&
        std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= '0' && c <= '9'; });
    value = is_index ? item_of(site, value, std::int64_t{std::stol(bytes)})
                     : item_of(site, value, part);
  }
  return value;
}

/// The arguments behind the first `count`.
Arguments without(const Arguments& arguments, std::size_t count) {
  Arguments rest = arguments;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() +
                            static_cast<std::ptrdiff_t>(std::min(count, rest.positional.size())));
  return rest;
}

Value filter_default(const CallSite& /*site*/, const Value& value, const Arguments& arguments) {
  const Value* otherwise = arguments.find(0, "default_value");
  const Value* is_strict = arguments.find(1, "boolean");
  const bool replaces_false = is_strict != nullptr && is_strict->is_true();
  if (!value.is_undefined() && (!replaces_false || value.is_true())) return value;
  return otherwise == nullptr ? Value::trusted("") : *otherwise;
}

Value filter_length(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  std::size_t size = 0;
  if (value.list() != nullptr) {
    size = value.list()->size();
  } else if (value.dict() != nullptr) {
    size = value.dict()->entries().size();
  } else if (value.text() != nullptr) {
    if (!site.charge_text(value.text()->size())) return {};
    size = code_point_count(value.text()->bytes());
  } else if (!value.is_undefined()) {
    return site.fail("must be something with a length, is " + std::string(value.kind()));
  }
  return static_cast<std::int64_t>(size);
}

Value filter_list(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  auto items = items_of(site, value);
  return items ? Value(std::move(*items)) : Value();
}

Value filter_first(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  if (value.list() != nullptr || value.text() != nullptr) {
    return item_of(site, value, std::int64_t{0});
  }
  const auto items = items_of(site, value);
  return !items || items->empty() ? Value() : items->front();
}

Value filter_last(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  if (value.list() != nullptr || value.text() != nullptr) {
    return item_of(site, value, std::int64_t{-1});
  }
  const auto items = items_of(site, value);
  return !items || items->empty() ? Value() : items->back();
}

Value filter_items(const CallSite& site, const Value& value, const Arguments& arguments) {
  if (value.is_undefined()) return Items();
  if (value.dict() == nullptr) return site.fail("items must have a mapping");
  return call_method(site, value, "items", arguments);
}

Value filter_reverse(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  const Value step = std::int64_t{-1};
  if (value.text() != nullptr) return slice_of(site, value, nullptr, nullptr, &step);
  auto items = items_of(site, value);
  if (!items) return {};
  std::reverse(items->begin(), items->end());
  return std::move(*items);
}

/// What sorting compares: the item or its attribute, in lower case unless asked otherwise.
Value sort_key(const CallSite& site, const Value& item, const Value* attribute,
               bool is_case_sensitive) {
  Value key = attribute == nullptr ? item : by_path(site, item, *attribute);
  if (is_case_sensitive || key.text() == nullptr) return key;
  return Value(key.text()->transformed(lower));
}

bool flag(const Arguments& arguments, std::size_t position, std::string_view name) {
  const Value* value = arguments.find(position, name);
  return value != nullptr && value->is_true();
}

Value sorted(const CallSite& site, const Items& items, const Value* attribute,
             bool is_case_sensitive, bool is_reversed) {
  struct Keyed {
    Value key;
    std::size_t place = 0;  // Of equal keys the first stays first.
  };
  std::vector<Keyed> keyed;
  // Comparisons: n log n, with log n below 24.
  std::uint64_t steps = 0;
  for (const Value& item : items) steps += 24 * (1 + item.extent().size / 64);
  if (!site.charge(steps)) return {};
  for (const Value& item : items) {
    keyed.push_back({sort_key(site, item, attribute, is_case_sensitive), keyed.size()});
    // Lists too can be compared, but not each with each, as sorting demands.
    const bool has_order = keyed.back().key.is_number() || keyed.back().key.text() != nullptr;
    if (!has_order || !compare(keyed.front().key, keyed.back().key)) {
      return site.fail("must sort numbers or strings");
    }
  }
  std::sort(keyed.begin(), keyed.end(), [&](const Keyed& a, const Keyed& b) {
    const int order = compare(a.key, b.key).value_or(0) * (is_reversed ? -1 : 1);
    return order != 0 ? order < 0 : a.place < b.place;
  });
  std::vector<Value> result;
  for (const Keyed& entry : keyed) result.push_back(items[entry.place]);
  return result;
}

Value filter_sort(const CallSite& site, const Value& value, const Arguments& arguments) {
  auto items = items_of(site, value);
  if (!items) return {};
  return sorted(site, *items, arguments.find(2, "attribute"), flag(arguments, 1, "case_sensitive"),
                flag(arguments, 0, "reverse"));
}

Value filter_dictsort(const CallSite& site, const Value& value, const Arguments& arguments) {
  if (value.dict() == nullptr) return site.fail("dictsort must have a mapping");
  const Value pairs = call_method(site, value, "items", {});
  const Value* by = arguments.find(1, "by");
  const Value position =
      std::int64_t{by != nullptr && by->text() != nullptr && by->text()->bytes() == "value"};
  if (pairs.list() == nullptr) return {};
  return sorted(site, *pairs.list(), &position, flag(arguments, 0, "case_sensitive"),
                flag(arguments, 2, "reverse"));
}

Value filter_unique(const CallSite& site, const Value& value, const Arguments& arguments) {
  const auto items = items_of(site, value);
  if (!items) return {};
  const Value* attribute = arguments.find(1, "attribute");
  Items keys;
  Items result;
  for (const Value& item : *items) {
    Value key = sort_key(site, item, attribute, flag(arguments, 0, "case_sensitive"));
    if (!site.charge(keys.size() * (1 + key.extent().size / 64))) return {};
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
    keys.push_back(std::move(key));
    result.push_back(item);
  }
  return result;
}

Value filter_sum(const CallSite& site, const Value& value, const Arguments& arguments) {
  const auto items = items_of(site, value);
  if (!items) return {};
  const Value* attribute = arguments.find(0, "attribute");
  std::int64_t whole = 0;
  double total = 0.0;
  bool is_whole = true;
  for (const Value& element : *items) {
    const Value item = attribute == nullptr ? element : by_path(site, element, *attribute);
    if (!item.is_number()) return site.fail("sum must have numbers");
    total += item.number();
    is_whole = is_whole && item.integer();
    if (is_whole && __builtin_add_overflow(whole, *item.integer(), &whole)) is_whole = false;
  }
  return is_whole ? Value(whole) : Value(total);
}

Value extreme(const CallSite& site, const Value& value, const Arguments& arguments, int sign) {
  const auto items = items_of(site, value);
  if (!items || items->empty()) return {};
  const Value* attribute = arguments.find(1, "attribute");
  const Value* best = nullptr;
  Value best_key;
  for (const Value& item : *items) {
    Value key = sort_key(site, item, attribute, false);
    if (!site.charge(1 + key.extent().size / 64)) return {};
    const auto order = best == nullptr ? sign : compare(key, best_key);
    if (!order) return site.fail("must have values that can be compared");
    if (*order * sign <= 0) continue;
    best = &item;
    best_key = std::move(key);
  }
  return *best;
}

Value filter_min(const CallSite& site, const Value& value, const Arguments& arguments) {
  return extreme(site, value, arguments, -1);
}
Value filter_max(const CallSite& site, const Value& value, const Arguments& arguments) {
  return extreme(site, value, arguments, 1);
}

Value filter_map(const CallSite& site, const Value& value, const Arguments& arguments) {
  const auto items = items_of(site, value);
  if (!items) return {};
  Items result;
  const Value* attribute = arguments.find(arguments.positional.size(), "attribute");
  const Value* otherwise = arguments.find(arguments.positional.size(), "default");
  const Value* name = arguments.find(0, "");
  const FilterFunction filter =
      name == nullptr || name->text() == nullptr ? nullptr : find_filter(name->text()->bytes());
  if (attribute == nullptr && filter == nullptr) {
    return site.fail("map must have the name of a filter, or attribute=");
  }
  const Arguments rest = without(arguments, 1);
  for (const Value& item : *items) {
    if (!site.charge(1)) return {};
    Value mapped =
        attribute != nullptr ? by_path(site, item, *attribute) : filter(site, item, rest);
    if (mapped.is_undefined() && attribute != nullptr && otherwise != nullptr) mapped = *otherwise;
    result.push_back(std::move(mapped));
  }
  return result;
}

/// select, reject, selectattr and rejectattr.
Value chosen(const CallSite& site, const Value& value, const Arguments& arguments,
             bool by_attribute, bool keeps) {
  const auto items = items_of(site, value);
  if (!items) return {};
  if (by_attribute && arguments.positional.empty()) {
    return site.fail("must have the name of an attribute");
  }
  const std::size_t test_position = by_attribute ? 1 : 0;
  const Value* name =
      test_position < arguments.positional.size() ? &arguments.positional[test_position] : nullptr;
  const TestFunction test =
      name == nullptr || name->text() == nullptr ? nullptr : find_test(name->text()->bytes());
  if (name != nullptr && test == nullptr) return site.fail("must have the name of a test");
  const Arguments rest = without(arguments, test_position + 1);
  Items result;
  for (const Value& item : *items) {
    if (!site.charge(1)) return {};
    const Value tested = by_attribute ? by_path(site, item, arguments.positional[0]) : item;
    const bool holds = test != nullptr ? test(site, tested, rest) : tested.is_true();
    if (holds == keeps) result.push_back(item);
  }
  return result;
}

constexpr std::array<std::pair<std::string_view, FilterFunction>, 21> kFilters{{
    {"default", filter_default},
    {"d", filter_default},
    {"length", filter_length},
    {"count", filter_length},
    {"list", filter_list},
    {"first", filter_first},
    {"last", filter_last},
    {"items", filter_items},
    {"reverse", filter_reverse},
    {"sort", filter_sort},
    {"dictsort", filter_dictsort},
    {"unique", filter_unique},
    {"sum", filter_sum},
    {"min", filter_min},
    {"max", filter_max},
    {"map", filter_map},
    {"select", [](auto& s, auto& v, auto& a) { return chosen(s, v, a, false, true); }},
    {"reject", [](auto& s, auto& v, auto& a) { return chosen(s, v, a, false, false); }},
    {"selectattr", [](auto& s, auto& v, auto& a) { return chosen(s, v, a, true, true); }},
    {"rejectattr", [](auto& s, auto& v, auto& a) { return chosen(s, v, a, true, false); }},
    {"attr",
     [](auto& s, auto& v, auto& a) {
       const Value* name = a.find(0, "name");
       if (name == nullptr || name->text() == nullptr) return s.fail("attr must have a name");
       return attribute_of(v, name->text()->bytes());
     }},
}};

}  // namespace

FilterFunction find_sequence_filter(std::string_view name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == kFilters.end() ? nullptr : found->second;
}

}  // namespace ringmaster::jinja
