// The methods that strings, mappings, lists and loops have.

#include <algorithm>
#include <array>

#include "base/check.h"
#include "tokens/jinja/builtins.h"
#include "tokens/jinja/text_operations.h"

namespace ringmaster::jinja {
namespace {

constexpr std::array<std::string_view, 20> kTextMethods{
    "strip",    "lstrip",  "rstrip", "split",   "rsplit",       "splitlines",  "startswith",
    "endswith", "replace", "upper",  "lower",   "title",        "capitalize",  "find",
    "rfind",    "count",   "join",   "isdigit", "removeprefix", "removesuffix"};
constexpr std::array<std::string_view, 4> kDictMethods{"items", "keys", "values", "get"};
constexpr std::array<std::string_view, 2> kListMethods{"index", "count"};

template <std::size_t kCount>
bool is_in(const std::array<std::string_view, kCount>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Value texts(const CallSite& site, std::vector<MarkedText> parts) {
  if (!site.charge(parts.size() * kStepsPerElement)) return {};
  std::vector<Value> items;
  for (MarkedText& part : parts) items.emplace_back(std::move(part));
  return items;
}

/// The text argument at `position`; null, and a fault, if it is something else.
const MarkedText* text_argument(const CallSite& site, const CallArguments& arguments,
                                std::size_t position, std::string_view name) {
  const Value* value = arguments.find(position, name);
  if (value != nullptr && value->text() != nullptr) return value->text();
  site.fail("must have a string as argument '" + std::string(name) + '\'');
  return nullptr;
}

Value strip_method(const CallSite& site, const MarkedText& self, StripSide side,
                   const CallArguments& arguments) {
  const Value* characters = arguments.find(0, "chars");
  if (characters == nullptr || characters->is_none()) return strip(self, side);
  const MarkedText* text = text_argument(site, arguments, 0, "chars");
  return text == nullptr ? Value() : strip(self, side, text->bytes());
}

Value split_method(const CallSite& site, const MarkedText& self, const CallArguments& arguments,
                   bool from_right) {
  const Value* separator = arguments.find(0, "sep");
  const Value* splits = arguments.find(1, "maxsplit");
  const std::int64_t splits_max = splits == nullptr ? -1 : splits->integer().value_or(-1);
  // At worst each byte becomes a part.
  if (!site.charge(self.size())) return {};
  if (separator == nullptr || separator->is_none()) {
    return texts(site, split(self, std::nullopt, splits_max, from_right));
  }
  const MarkedText* text = text_argument(site, arguments, 0, "sep");
  if (text == nullptr) return {};
  if (text->empty()) return site.fail("must split at a separator that is not empty");
  return texts(site, split(self, text->bytes(), splits_max, from_right));
}

/// startswith and endswith take one text or a list of them.
Value affix_method(const CallSite& site, const MarkedText& self, const CallArguments& arguments,
                   bool is_prefix) {
  const Value* value = arguments.find(0, "prefix");
  if (value == nullptr) return site.fail("must have a string as argument");
  const std::vector<Value> one{*value};
  for (const Value& affix : value->list() != nullptr ? *value->list() : one) {
    if (affix.text() == nullptr) return site.fail("must have a string as argument");
    const std::string& bytes = affix.text()->bytes();
    if (is_prefix ? self.bytes().starts_with(bytes) : self.bytes().ends_with(bytes)) return true;
  }
  return false;
}

Value remove_affix(const CallSite& site, const MarkedText& self, const CallArguments& arguments,
                   bool is_prefix) {
  const MarkedText* affix = text_argument(site, arguments, 0, is_prefix ? "prefix" : "suffix");
  if (affix == nullptr) return {};
  if (is_prefix && self.bytes().starts_with(affix->bytes())) {
    return self.slice(affix->size(), self.size());
  }
  if (!is_prefix && self.bytes().ends_with(affix->bytes())) {
    return self.slice(0, self.size() - affix->size());
  }
  return self;
}

Value find_method(const CallSite& site, const MarkedText& self, const CallArguments& arguments,
                  bool from_right) {
  const MarkedText* wanted = text_argument(site, arguments, 0, "sub");
  if (wanted == nullptr) return {};
  const std::size_t at =
      from_right ? self.bytes().rfind(wanted->bytes()) : self.bytes().find(wanted->bytes());
  if (at == std::string::npos) return std::int64_t{-1};
  return static_cast<std::int64_t>(code_point_count(std::string_view(self.bytes()).substr(0, at)));
}

Value count_method(const CallSite& site, const MarkedText& self, const CallArguments& arguments) {
  const MarkedText* wanted = text_argument(site, arguments, 0, "sub");
  if (wanted == nullptr) return {};
  // Replacing each by one byte more shows how many there are.
  const std::size_t same = replaced_size(self, wanted->bytes(), wanted->size(), -1);
  const std::size_t longer = replaced_size(self, wanted->bytes(), wanted->size() + 1, -1);
  return static_cast<std::int64_t>(longer - same);
}

Value is_digit_method(const MarkedText& self) {
  return !self.empty() && std::all_of(self.bytes().begin(), self.bytes().end(),
                                      [](char c) { return c >= '0' && c <= '9'; });
}

Value text_method(const CallSite& site, const Value& self_value, std::string_view name,
                  const CallArguments& arguments) {
  const MarkedText& self = *self_value.text();
  if (!site.charge_text(self.size())) return {};
  if (name == "strip") return strip_method(site, self, StripSide::kBoth, arguments);
  if (name == "lstrip") return strip_method(site, self, StripSide::kLeft, arguments);
  if (name == "rstrip") return strip_method(site, self, StripSide::kRight, arguments);
  if (name == "split") return split_method(site, self, arguments, false);
  if (name == "rsplit") return split_method(site, self, arguments, true);
  if (name == "splitlines") return texts(site, split_lines(self));
  if (name == "startswith") return affix_method(site, self, arguments, true);
  if (name == "endswith") return affix_method(site, self, arguments, false);
  if (name == "removeprefix") return remove_affix(site, self, arguments, true);
  if (name == "removesuffix") return remove_affix(site, self, arguments, false);
  if (name == "find") return find_method(site, self, arguments, false);
  if (name == "rfind") return find_method(site, self, arguments, true);
  if (name == "count") return count_method(site, self, arguments);
  if (name == "isdigit") return is_digit_method(self);
  if (name == "join") {
    const Value* items = arguments.find(0, "iterable");
    if (items == nullptr) return site.fail("must have a list as argument");
    return find_filter("join")(site, *items, {.positional = {self_value}, .named = {}});
  }
  // replace, upper, lower, title and capitalize do what the filters of these names do.
  return find_filter(name)(site, self_value, arguments);
}

Value dict_method(const CallSite& site, const Dict& self, std::string_view name,
                  const CallArguments& arguments) {
  if (name == "get") {
    const MarkedText* key = text_argument(site, arguments, 0, "key");
    const Value* found = key == nullptr ? nullptr : self.find(key->bytes());
    const Value* otherwise = arguments.find(1, "default");
    return found != nullptr ? *found : otherwise != nullptr ? *otherwise : Value(None{});
  }
  if (!site.charge(self.entries().size() * kStepsPerElement)) return {};
  std::vector<Value> items;
  for (const auto& [key, value] : self.entries()) {
    if (name == "keys") {
      items.emplace_back(key);
    } else if (name == "values") {
      items.push_back(value);
    } else {
      items.push_back(Value::tuple({key, value}));
    }
  }
  return items;
}

Value list_method(const CallSite& site, const Value& self_value, std::string_view name,
                  const CallArguments& arguments) {
  const std::vector<Value>& self = *self_value.list();
  const Value* wanted = arguments.find(0, "value");
  if (wanted == nullptr) return site.fail("must have a value as argument");
  if (!site.charge(self_value.extent().size / 8)) return {};
  if (name == "count") {
    return static_cast<std::int64_t>(std::count(self.begin(), self.end(), *wanted));
  }
  const auto found = std::find(self.begin(), self.end(), *wanted);
  if (found == self.end()) return site.fail("must be in the list");
  return static_cast<std::int64_t>(found - self.begin());
}

Value cycle_method(const CallSite& site, const LoopState& loop, const CallArguments& arguments) {
  if (arguments.positional.empty()) return site.fail("must have something to cycle through");
  const auto count = static_cast<std::int64_t>(arguments.positional.size());
  return arguments.positional[static_cast<std::size_t>(loop.index0 % count)];
}

}  // namespace

bool has_method(const Value& self, std::string_view name) {
  if (self.text() != nullptr) return is_in(kTextMethods, name);
  if (self.dict() != nullptr) return is_in(kDictMethods, name);
  if (self.list() != nullptr) return is_in(kListMethods, name);
  return self.loop() != nullptr && name == "cycle";
}

Value call_method(const CallSite& site, const Value& self, std::string_view name,
                  const CallArguments& arguments) {
  RINGMASTER_CHECK(has_method(self, name));
  if (self.text() != nullptr) return text_method(site, self, name, arguments);
  if (self.dict() != nullptr) return dict_method(site, *self.dict(), name, arguments);
  if (self.list() != nullptr) return list_method(site, self, name, arguments);
  return cycle_method(site, *self.loop(), arguments);
}

}  // namespace ringmaster::jinja
