#pragma once

#include <optional>
#include <string_view>

#include "tokens/jinja/rendering.h"
#include "tokens/jinja/value.h"

namespace ringmaster::jinja {

/// A filter: what stands left of the bar, and the arguments. Faults go to the call site.
using FilterFunction = Value (*)(const CallSite&, const Value&, const CallArguments&);
/// A test: what stands left of "is".
using TestFunction = bool (*)(const CallSite&, const Value&, const CallArguments&);

/// Null if there is none of this name.
[[nodiscard]] FilterFunction find_filter(std::string_view name);
[[nodiscard]] TestFunction find_test(std::string_view name);

/// The parts of the table behind find_filter().
[[nodiscard]] FilterFunction find_text_filter(std::string_view name);
[[nodiscard]] FilterFunction find_sequence_filter(std::string_view name);

/// Is this a method that values of this kind have?
[[nodiscard]] bool has_method(const Value& self, std::string_view name);

/// Calls a method. Requires: has_method(self, name).
[[nodiscard]] Value call_method(const CallSite& site, const Value& self, std::string_view name,
                                const CallArguments& arguments);

/// Is this a global function? strftime_now is one only where the rendering has a date.
[[nodiscard]] bool has_function(const Rendering& rendering, std::string_view name);
[[nodiscard]] Value call_function(const CallSite& site, std::string_view name,
                                  const CallArguments& arguments);

/// value.name: methods before keys, as Jinja looks them up. Undefined if there is neither.
[[nodiscard]] Value attribute_of(const Value& value, std::string_view name);

/// value[index]. Undefined if there is no such item.
[[nodiscard]] Value item_of(const CallSite& site, const Value& value, const Value& index);

/// What a for loop goes through: items, keys, or code points. A fault where Python would raise.
[[nodiscard]] std::optional<std::vector<Value>> items_of(const CallSite& site, const Value& value);

/// Is `item` in `container`?
[[nodiscard]] bool contains(const CallSite& site, const Value& container, const Value& item);

/// value[start:stop:step]; null parts are not given.
[[nodiscard]] Value slice_of(const CallSite& site, const Value& value, const Value* start,
                             const Value* stop, const Value* step);

/// A date and time by a strftime format: %d %m %Y %y %B %b %A %a %H %M %S %j %e %I %p %%; the names
/// are English.
[[nodiscard]] std::string format_time(const CivilTime& time, std::string_view format);

}  // namespace ringmaster::jinja
