// The global functions.

#include <algorithm>
#include <array>

#include "tokens/jinja/builtins.h"
#include "tokens/jinja/print.h"

namespace ringmaster::jinja {
namespace {

constexpr std::int64_t kRangeMax = 100'000;

Value call_range(const CallSite& site, const CallArguments& arguments) {
  std::array<std::int64_t, 3> parts{0, 0, 1};
  const auto& given = arguments.positional;
  if (given.empty() || given.size() > 3) return site.fail("range() must have 1 to 3 arguments");
  for (std::size_t i = 0; i < given.size(); ++i) {
    const auto part = given[i].integer();
    if (!part) return site.fail("range() must have integers as arguments");
    parts[given.size() == 1 ? 1 : i] = *part;
  }
  const auto [start, stop, step] = parts;
  if (step == 0) return site.fail("range() must have a step that is not zero");
  std::vector<Value> items;
  for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
    if (static_cast<std::int64_t>(items.size()) == kRangeMax) {
      return site.fail("range() must have at most " + std::to_string(kRangeMax) + " numbers");
    }
    items.emplace_back(i);
    if (__builtin_add_overflow(i, step, &i)) break;
  }
  return site.charge(items.size() * kStepsPerElement) ? Value(std::move(items)) : Value();
}

/// The dict of namespace(a=1) or dict({...}, a=1).
std::optional<Dict> call_dict(const CallSite& site, const CallArguments& arguments) {
  Dict dict;
  for (const Value& value : arguments.positional) {
    if (value.dict() == nullptr) {
      site.fail("must have a mapping as argument, is " + std::string(value.kind()));
      return std::nullopt;
    }
    dict = *value.dict();
  }
  for (const auto& [name, value] : arguments.named) dict.set(MarkedText::trusted(name), value);
  return dict;
}

Value call_namespace(const CallSite& site, const CallArguments& arguments) {
  auto attributes = call_dict(site, arguments);
  if (!attributes) return {};
  Namespace* space = site.rendering.make_namespace();
  space->attributes = std::move(*attributes);
  return space;
}

Value call_raise(const CallSite& site, const CallArguments& arguments) {
  const Value* message = arguments.find(0, "message");
  return site.fail(message == nullptr ? "the template raised an exception"
                                      : to_text(*message).bytes());
}

Value call_strftime(const CallSite& site, const CallArguments& arguments) {
  const Value* format = arguments.find(0, "format");
  if (format == nullptr || format->text() == nullptr) {
    return site.fail("strftime_now() must have a format as argument");
  }
  return Value::trusted(format_time(*site.rendering.now(), format->text()->bytes()));
}

}  // namespace

bool has_function(const Rendering& rendering, std::string_view name) {
  return name == "range" || name == "namespace" || name == "dict" || name == "raise_exception" ||
         (name == "strftime_now" && rendering.now());
}

Value call_function(const CallSite& site, std::string_view name, const CallArguments& arguments) {
  if (name == "range") return call_range(site, arguments);
  if (name == "namespace") return call_namespace(site, arguments);
  if (name == "raise_exception") return call_raise(site, arguments);
  if (name == "strftime_now") return call_strftime(site, arguments);
  auto dict = call_dict(site, arguments);
  return dict ? Value(std::move(*dict)) : Value();
}

}  // namespace ringmaster::jinja
