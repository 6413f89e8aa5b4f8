#include "tokens/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "tokens/jinja/compound_values.h"

namespace ringmaster::jinja {
namespace {

constexpr std::uint64_t kSizeMax = 1ULL << 62U;

template <class T>
int order(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

bool equal_dicts(const Dict& a, const Dict& b) {
  return a.entries().size() == b.entries().size() &&
         std::all_of(a.entries().begin(), a.entries().end(), [&](const Dict::Entry& entry) {
           const Value* other = b.find(entry.first.bytes());
           return other != nullptr && entry.second == *other;
         });
}

}  // namespace

void Extent::add(const Extent& part) {
  depth = std::max(depth, part.depth + 1);
  size = std::min(size + part.size, kSizeMax);
  has_plain = has_plain || part.has_plain;
}

Value::Value(MarkedText text) : data_(std::make_shared<const MarkedText>(std::move(text))) {}
Value::Value(Dict dict) : data_(std::make_shared<const Dict>(std::move(dict))) {}
Value::Value(LoopState loop) : data_(std::make_shared<const LoopState>(std::move(loop))) {}
Value::Value(Callable callable) : data_(std::make_shared<const Callable>(std::move(callable))) {}

Value::Value(std::vector<Value> items) : data_(make_list(std::move(items), false)) {}

Value Value::tuple(std::vector<Value> items) {
  Value value;
  value.data_ = make_list(std::move(items), true);
  return value;
}

std::shared_ptr<const ListItems> Value::make_list(std::vector<Value> items, bool is_tuple) {
  ListItems list{.items = std::move(items), .is_tuple = is_tuple};
  for (const Value& item : list.items) list.extent.add(item.extent());
  return std::make_shared<const ListItems>(std::move(list));
}

bool Value::is_number() const {
  return is<bool>() || is<std::int64_t>() || is<double>();
}

const std::vector<Value>* Value::list() const {
  const auto* items = shared<const ListItems>();
  return items == nullptr ? nullptr : &items->items;
}

bool Value::is_tuple() const {
  const auto* items = shared<const ListItems>();
  return items != nullptr && items->is_tuple;
}

Namespace* Value::space() const {
  const auto* pointer = std::get_if<Namespace*>(&data_);
  return pointer == nullptr ? nullptr : *pointer;
}

std::optional<std::int64_t> Value::integer() const {
  if (const auto* value = std::get_if<std::int64_t>(&data_)) return *value;
  if (const auto* value = boolean()) return *value ? 1 : 0;
  return std::nullopt;
}

double Value::number() const {
  if (const auto* value = floating()) return *value;
  const auto value = integer();
  RINGMASTER_CHECK(value.has_value());
  return static_cast<double>(*value);
}

bool Value::is_true() const {
  if (is_undefined() || is_none()) return false;
  if (is_number()) return number() != 0.0;
  if (const auto* value = text()) return !value->empty();
  if (const auto* value = list()) return !value->empty();
  if (const auto* value = dict()) return !value->entries().empty();
  return true;
}

std::string_view Value::kind() const {
  if (is_undefined()) return "undefined";
  if (is_none()) return "none";
  if (boolean() != nullptr) return "a boolean";
  if (is_number()) return "a number";
  if (text() != nullptr) return "a string";
  if (list() != nullptr) return "a list";
  if (dict() != nullptr) return "a mapping";
  if (loop() != nullptr) return "a loop";
  if (callable() != nullptr) return "a function";
  return "a namespace";
}

Extent Value::extent() const {
  if (const auto* items = shared<const ListItems>()) return items->extent;
  if (const auto* value = dict()) return value->extent();
  Extent extent;
  if (const auto* value = text()) {
    extent.size += value->size();
    extent.has_plain = value->has_plain();
  } else if (const auto* function = callable()) {
    if (function->self) extent.add(function->self->extent());
  } else if (const auto* turn = loop()) {
    extent.add(turn->previous.extent());
    extent.add(turn->next.extent());
  }
  return extent;
}

bool operator==(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.integer() && b.integer()) return *a.integer() == *b.integer();
    return a.number() == b.number();
  }
  if (a.text() != nullptr && b.text() != nullptr) return a.text()->bytes() == b.text()->bytes();
  if (a.list() != nullptr && b.list() != nullptr) {
    return a.is_tuple() == b.is_tuple() && *a.list() == *b.list();
  }
  if (a.dict() != nullptr && b.dict() != nullptr) return equal_dicts(*a.dict(), *b.dict());
  if (a.space() != nullptr) return a.space() == b.space();
  return (a.is_none() && b.is_none()) || (a.is_undefined() && b.is_undefined());
}

std::optional<int> compare(const Value& a, const Value& b) {
  if (a.integer() && b.integer()) return order(*a.integer(), *b.integer());
  if (a.is_number() && b.is_number()) {
    if (std::isnan(a.number()) || std::isnan(b.number())) return std::nullopt;
    return order(a.number(), b.number());
  }
  if (a.text() != nullptr && b.text() != nullptr) {
    return order(a.text()->bytes(), b.text()->bytes());
  }
  if (a.list() == nullptr || b.list() == nullptr) return std::nullopt;
  const std::size_t common = std::min(a.list()->size(), b.list()->size());
  for (std::size_t i = 0; i < common; ++i) {
    const auto result = compare((*a.list())[i], (*b.list())[i]);
    if (!result || *result != 0) return result;
  }
  return order(a.list()->size(), b.list()->size());
}

void Dict::set(MarkedText key, Value value) {
  const auto found = std::find_if(entries_.begin(), entries_.end(), [&](const Entry& entry) {
    return entry.first.bytes() == key.bytes();
  });
  if (found == entries_.end()) return append(std::move(key), std::move(value));
  extent_.add(value.extent());
  found->second = std::move(value);
}

void Dict::append(MarkedText key, Value value) {
  extent_.add({.size = key.size() + 8, .has_plain = key.has_plain()});
  extent_.add(value.extent());
  entries_.emplace_back(std::move(key), std::move(value));
}

const Value* Dict::find(std::string_view key) const {
  for (const auto& [name, value] : entries_) {
    if (name.bytes() == key) return &value;
  }
  return nullptr;
}

}  // namespace ringmaster::jinja
