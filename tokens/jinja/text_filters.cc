// Filters that make a text or a number.

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "tokens/jinja/builtins.h"
#include "tokens/jinja/print.h"
#include "tokens/jinja/text_operations.h"

namespace ringmaster::jinja {
namespace {

using Arguments = CallArguments;

constexpr std::int64_t kIndentMax = 64;

/// The input as a text, charged for.
std::optional<MarkedText> text_of(const CallSite& site, const Value& value) {
  if (!site.charge_text(value.extent().size)) return std::nullopt;
  return to_text(value);
}

std::int64_t integer_argument(const Arguments& arguments, std::size_t position,
                              std::string_view name, std::int64_t otherwise) {
  const Value* value = arguments.find(position, name);
  return value == nullptr ? otherwise : value->integer().value_or(otherwise);
}

bool flag_argument(const Arguments& arguments, std::size_t position, std::string_view name) {
  const Value* value = arguments.find(position, name);
  return value != nullptr && value->is_true();
}

Value filter_trim(const CallSite& site, const Value& value, const Arguments& arguments) {
  const auto text = text_of(site, value);
  if (!text) return {};
  const Value* characters = arguments.find(0, "chars");
  if (characters == nullptr || characters->text() == nullptr) return strip(*text, StripSide::kBoth);
  return strip(*text, StripSide::kBoth, characters->text()->bytes());
}

Value filter_upper(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  const auto text = text_of(site, value);
  return text ? Value(text->transformed(upper)) : Value();
}

Value filter_lower(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  const auto text = text_of(site, value);
  return text ? Value(text->transformed(lower)) : Value();
}

Value filter_capitalize(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  const auto text = text_of(site, value);
  return text ? Value(capitalized(*text)) : Value();
}

Value filter_title(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  const auto text = text_of(site, value);
  return text ? Value(titled(*text)) : Value();
}

Value filter_string(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  const auto text = text_of(site, value);
  return text ? Value(*text) : Value();
}

Value filter_replace(const CallSite& site, const Value& value, const Arguments& arguments) {
  const auto text = text_of(site, value);
  const Value* from = arguments.find(0, "old");
  const Value* to = arguments.find(1, "new");
  if (!text) return {};
  if (from == nullptr || from->text() == nullptr || to == nullptr || to->text() == nullptr) {
    return site.fail("replace must have two strings as arguments");
  }
  const std::int64_t count = integer_argument(arguments, 2, "count", -1);
  const std::string& wanted = from->text()->bytes();
  if (!site.charge_text(replaced_size(*text, wanted, to->text()->size(), count))) return {};
  return replace(*text, wanted, *to->text(), count);
}

Value filter_join(const CallSite& site, const Value& value, const Arguments& arguments) {
  const Value* separator = arguments.find(0, "d");
  const Value* attribute = arguments.find(1, "attribute");
  const MarkedText between = separator == nullptr ? MarkedText() : to_text(*separator);
  const auto items = items_of(site, value);
  if (!items) return {};
  std::vector<MarkedText> parts;
  std::size_t size = 0;
  for (const Value& element : *items) {
    const Value item = attribute == nullptr ? element : item_of(site, element, *attribute);
    size += item.extent().size + between.size();
    if (!site.charge_text(item.extent().size)) return {};
    parts.push_back(to_text(item));
  }
  if (!site.charge_text(size)) return {};
  MarkedText result;
  for (const MarkedText& part : parts) {
    if (&part != parts.data()) result.append(between);
    result.append(part);
  }
  return result;
}

Value filter_indent(const CallSite& site, const Value& value, const Arguments& arguments) {
  const auto text = text_of(site, value);
  if (!text) return {};
  const Value* width = arguments.find(0, "width");
  const std::int64_t spaces = width == nullptr ? 4 : width->integer().value_or(-1);
  MarkedText indentation = MarkedText::trusted(
      std::string(static_cast<std::size_t>(std::clamp<std::int64_t>(spaces, 0, kIndentMax)), ' '));
  if (width != nullptr && width->text() != nullptr) {
    indentation = *width->text();
  } else if (spaces < 0 || spaces > kIndentMax) {
    return site.fail("indent must have a width in [0, " + std::to_string(kIndentMax) + ']');
  }
  const bool does_first = flag_argument(arguments, 1, "first");
  const bool does_blank = flag_argument(arguments, 2, "blank");
  if (!site.charge_text(replaced_size(*text, "\n", indentation.size() + 1, -1))) return {};
  MarkedText result;
  for (std::size_t begin = 0;;) {
    const std::size_t end = std::min(text->bytes().find('\n', begin), text->size());
    const bool is_first = begin == 0;
    if (is_first ? does_first : does_blank || end > begin) result.append(indentation);
    result.append(text->slice(begin, end));
    if (end == text->size()) return result;
    result.append(text->slice(end, end + 1));
    begin = end + 1;
  }
}

Value filter_tojson(const CallSite& site, const Value& value, const Arguments& arguments) {
  JsonStyle style;
  const Value* indent = arguments.find(0, "indent");
  if (indent != nullptr && !indent->is_none()) {
    const std::int64_t spaces = indent->integer().value_or(-1);
    if (spaces < 0 || spaces > kIndentMax) {
      return site.fail("tojson must have an indent in [0, " + std::to_string(kIndentMax) + ']');
    }
    style.indent = static_cast<int>(spaces);
    style.item_separator = ",";
  }
  const Value* separators = arguments.find(4, "separators");
  if (separators != nullptr && separators->list() != nullptr && separators->list()->size() == 2) {
    style.item_separator = to_text(separators->list()->front()).bytes();
    style.key_separator = to_text(separators->list()->back()).bytes();
  }
  style.sort_keys = flag_argument(arguments, 5, "sort_keys");
  style.ensure_ascii = flag_argument(arguments, 6, "ensure_ascii");
  // Each element of some 8 bytes may stand on a line of its own.
  const Extent extent = value.extent();
  const auto line_bytes = static_cast<std::uint64_t>(std::max(style.indent, 0) * extent.depth);
  std::uint64_t size = 0;
  if (__builtin_mul_overflow(extent.size, 1 + line_bytes / 8, &size)) size = UINT64_MAX;
  if (!site.charge_text(size)) return {};
  auto json = to_json(value, style);
  if (!json) return site.fail("must have a JSON form, is or has " + std::string(value.kind()));
  return site.charge_text(json->size()) ? Value(std::move(*json)) : Value();
}

Value filter_int(const CallSite& /*site*/, const Value& value, const Arguments& arguments) {
  const std::int64_t otherwise = integer_argument(arguments, 0, "default", 0);
  if (value.integer()) return *value.integer();
  double number = 0.0;
  if (const MarkedText* text = value.text()) {
    const std::string digits = strip(*text, StripSide::kBoth).bytes();
    const char* first = digits.data() + (digits.starts_with('+') ? 1 : 0);
    const char* last = digits.data() + digits.size();
    std::int64_t integer = 0;
    const auto result = std::from_chars(first, last, integer);
    if (result.ec == std::errc{} && result.ptr == last) return integer;
    const auto as_float = std::from_chars(first, last, number);
    if (as_float.ec != std::errc{} || as_float.ptr != last) return otherwise;
  } else if (value.floating() != nullptr) {
    number = *value.floating();
  } else {
    return otherwise;
  }
  // 2^63 and above have no integer here.
  return std::abs(number) < 0x1.0p63 ? static_cast<std::int64_t>(number) : otherwise;
}

Value filter_float(const CallSite& /*site*/, const Value& value, const Arguments& arguments) {
  if (value.is_number()) return value.number();
  const Value* otherwise = arguments.find(0, "default");
  const double fallback =
      otherwise != nullptr && otherwise->is_number() ? otherwise->number() : 0.0;
  if (value.text() == nullptr) return fallback;
  const std::string digits = strip(*value.text(), StripSide::kBoth).bytes();
  const char* first = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const char* last = digits.data() + digits.size();
  double number = 0.0;
  const auto result = std::from_chars(first, last, number);
  return result.ec == std::errc{} && result.ptr == last ? number : fallback;
}

Value filter_abs(const CallSite& site, const Value& value, const Arguments& /*arguments*/) {
  if (!value.is_number()) return site.fail("abs must have a number");
  if (!value.integer()) return std::abs(value.number());
  if (*value.integer() == INT64_MIN) return site.fail("must have an integer of 64 bits");
  return std::abs(*value.integer());
}

Value filter_round(const CallSite& site, const Value& value, const Arguments& arguments) {
  if (!value.is_number()) return site.fail("round must have a number");
  const std::int64_t precision = integer_argument(arguments, 0, "precision", 0);
  const Value* method = arguments.find(1, "method");
  const std::string how = method == nullptr ? "common" : to_text(*method).bytes();
  const double scale =
      std::pow(10.0, static_cast<double>(std::clamp<std::int64_t>(precision, -15, 15)));
  const double scaled = value.number() * scale;
  if (how == "common" && value.integer() && precision >= 0) return *value.integer();
  if (how == "ceil") return std::ceil(scaled) / scale;
  if (how == "floor") return std::floor(scaled) / scale;
  return std::nearbyint(scaled) / scale;  // To even, as Python does.
}

Value filter_safe(const CallSite& /*site*/, const Value& value, const Arguments& /*arguments*/) {
  return value;  // Nothing is escaped in the first place.
}

constexpr std::array<std::pair<std::string_view, FilterFunction>, 15> kFilters{{
    {"trim", filter_trim},
    {"upper", filter_upper},
    {"lower", filter_lower},
    {"capitalize", filter_capitalize},
    {"title", filter_title},
    {"string", filter_string},
    {"replace", filter_replace},
    {"join", filter_join},
    {"indent", filter_indent},
    {"tojson", filter_tojson},
    {"int", filter_int},
    {"float", filter_float},
    {"abs", filter_abs},
    {"round", filter_round},
    {"safe", filter_safe},
}};

}  // namespace

FilterFunction find_text_filter(std::string_view name) {
  const auto found = std::find_if(kFilters.begin(), kFilters.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == kFilters.end() ? nullptr : found->second;
}

FilterFunction find_filter(std::string_view name) {
  const FilterFunction found = find_text_filter(name);
  return found != nullptr ? found : find_sequence_filter(name);
}

}  // namespace ringmaster::jinja
