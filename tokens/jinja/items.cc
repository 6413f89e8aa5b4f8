// What Python's indexing, slicing, iteration and "in" do.

#include <algorithm>

#include "tokens/jinja/builtins.h"
#include "tokens/jinja/text_operations.h"

namespace ringmaster::jinja {
namespace {

std::optional<std::size_t> index_in(std::int64_t index, std::size_t size) {
  const auto count = static_cast<std::int64_t>(size);
  if (index < 0) index += count;
  if (index < 0 || index >= count) return std::nullopt;
  return static_cast<std::size_t>(index);
}

Value loop_attribute(const LoopState& loop, std::string_view name) {
  if (name == "index") return loop.index0 + 1;
  if (name == "index0") return loop.index0;
  if (name == "first") return loop.index0 == 0;
  if (name == "last") return loop.index0 + 1 == loop.length;
  if (name == "length") return loop.length;
  if (name == "revindex") return loop.length - loop.index0;
  if (name == "revindex0") return loop.length - loop.index0 - 1;
  if (name == "previtem") return loop.previous;
  if (name == "nextitem") return loop.next;
  if (name == "depth") return loop.depth;
  if (name == "depth0") return loop.depth - 1;
  return {};
}

/// A part of a slice, clamped as Python does.
struct SliceRange {
  std::int64_t start = 0;
  std::int64_t stop = 0;
  std::int64_t step = 1;
};

std::optional<std::int64_t> slice_part(const CallSite& site, const Value* part) {
  if (part == nullptr || part->is_none()) return std::nullopt;
  if (!part->integer()) site.fail("must slice by integers, is " + std::string(part->kind()));
  return part->integer();
}

SliceRange slice_range(const CallSite& site, std::size_t size, const Value* start_value,
                       const Value* stop_value, const Value* step_value) {
  const auto count = static_cast<std::int64_t>(size);
  SliceRange range;
  range.step = slice_part(site, step_value).value_or(1);
  if (range.step == 0) {
    site.fail("must slice by a step that is not zero");
    return {};
  }
  range.step = std::clamp<std::int64_t>(range.step, -count - 1, count + 1);
  const bool is_forward = range.step > 0;
  const auto clamped = [&](std::optional<std::int64_t> part, std::int64_t otherwise) {
    if (!part) return otherwise;
    const std::int64_t at = *part < 0 ? std::max(*part, -count - 1) + count : *part;
    return is_forward ? std::clamp<std::int64_t>(at, 0, count)
                      : std::clamp<std::int64_t>(at, -1, count - 1);
  };
  range.start = clamped(slice_part(site, start_value), is_forward ? 0 : count - 1);
  range.stop = clamped(slice_part(site, stop_value), is_forward ? count : -1);
  return range;
}

template <class Visit>
void each_index(const SliceRange& range, const Visit& visit) {
  for (std::int64_t i = range.start; range.step > 0 ? i < range.stop : i > range.stop;
       i += range.step) {
    visit(static_cast<std::size_t>(i));
  }
}

}  // namespace

Value attribute_of(const Value& value, std::string_view name) {
  if (value.loop() != nullptr && name != "cycle") return loop_attribute(*value.loop(), name);
  if (has_method(value, name)) return Callable{.name = std::string(name), .self = value};
  const Dict* dict = value.space() != nullptr ? &value.space()->attributes : value.dict();
  const Value* found = dict == nullptr ? nullptr : dict->find(name);
  return found == nullptr ? Value() : *found;
}

Value item_of(const CallSite& site, const Value& value, const Value& index) {
  if (const MarkedText* key = index.text()) {
    const Value* found = value.dict() == nullptr ? nullptr : value.dict()->find(key->bytes());
    return found != nullptr ? *found : attribute_of(value, key->bytes());
  }
  if (!index.integer()) return {};
  if (value.list() != nullptr) {
    const auto at = index_in(*index.integer(), value.list()->size());
    return at ? (*value.list())[*at] : Value();
  }
  if (value.text() == nullptr || !site.charge_text(value.text()->size())) return {};
  const auto starts = code_point_starts(value.text()->bytes());
  const auto at = index_in(*index.integer(), starts.size() - 1);
  return at ? Value(value.text()->slice(starts[*at], starts[*at + 1])) : Value();
}

std::optional<std::vector<Value>> items_of(const CallSite& site, const Value& value) {
  std::vector<Value> items;
  if (value.is_undefined()) return items;
  if (const auto* list = value.list()) {
    if (!site.charge(list->size() * kStepsPerElement)) return std::nullopt;
    return *list;
  }
  if (const Dict* dict = value.dict()) {
    if (!site.charge(dict->entries().size() * kStepsPerElement)) return std::nullopt;
    for (const auto& entry : dict->entries()) items.emplace_back(entry.first);
    return items;
  }
  if (const MarkedText* text = value.text()) {
    if (!site.charge(text->size() * kStepsPerElement)) return std::nullopt;
    const auto starts = code_point_starts(text->bytes());
    for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
      items.emplace_back(text->slice(starts[i], starts[i + 1]));
    }
    return items;
  }
  site.fail("must be something to iterate over, is " + std::string(value.kind()));
  return std::nullopt;
}

bool contains(const CallSite& site, const Value& container, const Value& item) {
  if (container.is_undefined()) return false;
  if (const auto* list = container.list()) {
    return site.charge(container.extent().size / 8) &&
           std::find(list->begin(), list->end(), item) != list->end();
  }
  if (const Dict* dict = container.dict()) {
    return site.charge(dict->entries().size()) && item.text() != nullptr &&
           dict->find(item.text()->bytes()) != nullptr;
  }
  if (container.text() != nullptr && item.text() != nullptr) {
    return site.charge_text(container.text()->size()) &&
           container.text()->bytes().find(item.text()->bytes()) != std::string::npos;
  }
  site.fail("must look for " + std::string(item.kind()) +
            " in a list, a mapping or, for a string, in "
            "a string, is " +
            std::string(container.kind()));
  return false;
}

Value slice_of(const CallSite& site, const Value& value, const Value* start, const Value* stop,
               const Value* step) {
  if (const auto* list = value.list()) {
    const SliceRange range = slice_range(site, list->size(), start, stop, step);
    if (!site.charge(list->size())) return {};
    std::vector<Value> items;
    each_index(range, [&](std::size_t i) { items.push_back((*list)[i]); });
    return value.is_tuple() ? Value::tuple(std::move(items)) : Value(std::move(items));
  }
  if (const MarkedText* text = value.text()) {
    if (!site.charge_text(text->size())) return {};
    const auto starts = code_point_starts(text->bytes());
    const SliceRange range = slice_range(site, starts.size() - 1, start, stop, step);
    if (range.step == 1) {
      return text->slice(starts[static_cast<std::size_t>(range.start)],
                         starts[static_cast<std::size_t>(std::max(range.start, range.stop))]);
    }
    MarkedText result;
    each_index(range, [&](std::size_t i) { result.append(text->slice(starts[i], starts[i + 1])); });
    return result;
  }
  if (value.is_undefined()) return {};
  return site.fail("must slice a list or a string, is " + std::string(value.kind()));
}

}  // namespace ringmaster::jinja
