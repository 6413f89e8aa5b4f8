#include "sim/session_shape.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "base/known_names.h"

namespace ringmaster::sim {
namespace {

// Estimates, not fits. `conversation` has about the mean lengths and the cacheable share of the
// Mooncake trace of that name (12,000 tokens in, 340 out, 0.37), `tool` comes near to what is
// published of its Tool&Agent trace (8,600 in, 180 out, 0.59); the others are of our choosing.
constexpr std::array<SessionShape, 6> kShapes = {{
    {.name = "conversation",
     .turns = 1.6,
     .pause_s = 60,
     .prefixes = 1,
     .prefix_tokens = 512,
     .first_tokens = 8500,
     .turn_tokens = 4500,
     .output_tokens = 350,
     .length_cv = 1.5},
    {.name = "tool",
     .prefixes = 12,
     .prefix_tokens = 5500,
     .first_tokens = 3200,
     .output_tokens = 180},
    {.name = "rag",
     .prefixes = 1,
     .prefix_tokens = 600,
     .documents = 2000,
     .document_tokens = 3000,
     .documents_per_prompt = 2,
     .first_tokens = 120,
     .output_tokens = 250},
    {.name = "agent",
     .turns = 20,
     .pause_s = 12,
     .pause_cv = 2,
     .prefixes = 8,
     .prefix_tokens = 6000,
     .first_tokens = 1500,
     .turn_tokens = 700,
     .output_tokens = 150},
    {.name = "workflow",
     .turns = 18,
     .pause_s = 6,
     .contexts = 3,
     .prefixes = 12,
     .prefix_tokens = 3000,
     .first_tokens = 1000,
     .turn_tokens = 600,
     .output_tokens = 200},
    {.name = "no-reuse", .first_tokens = 8000, .output_tokens = 350},
}};

Result<SessionShape> find_shape(std::string_view name) {
  const auto* const found = std::ranges::find(kShapes, name, &SessionShape::name);
  if (found != kShapes.end()) return *found;
  std::vector<std::string_view> known;
  for (const SessionShape& shape : kShapes) known.push_back(shape.name);
  return invalid("workload: " + expected_one_of(known, name));
}

Result<double> parse_share(std::string_view text) {
  double share = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), share);
  if (error == std::errc() && end == text.data() + text.size() && share > 0 && share <= 1e6) {
    return share;
  }
  return invalid("workload: expected a share in (0, 1e6] after the colon, found \"" +
                 std::string(text) + "\"");
}

struct Range {
  std::string_view what;
  double value;
  double min;
  double max;
};

}  // namespace

std::span<const SessionShape> session_shapes() {
  return kShapes;
}

Result<std::vector<ShapeShare>> parse_shape_mix(std::string_view text) {
  std::vector<ShapeShare> mix;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = text.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t colon = std::min(item.find(':'), item.size());
    const auto shape = find_shape(item.substr(0, colon));
    if (!shape) return tl::unexpected(shape.error());
    ShapeShare& part = mix.emplace_back(ShapeShare{.shape = *shape});
    if (colon == item.size()) continue;
    const auto share = parse_share(item.substr(colon + 1));
    if (!share) return tl::unexpected(share.error());
    part.share = *share;
  }
  return mix;
}

Status check(const SessionShape& shape) {
  constexpr double kTokensMax = 1e7;
  constexpr double kChoicesMax = 1e6;
  const std::array<Range, 13> ranges = {{
      {"turns", shape.turns, 1, 10'000},
      {"pause", shape.pause_s, 0, 1e6},
      {"cv of pauses", shape.pause_cv, 0.1, 20},
      {"contexts", static_cast<double>(shape.contexts), 1, 64},
      {"prefixes", static_cast<double>(shape.prefixes), 0, kChoicesMax},
      {"prefix tokens", shape.prefix_tokens, 0, kTokensMax},
      {"documents", static_cast<double>(shape.documents), 0, kChoicesMax},
      {"document tokens", shape.document_tokens, 0, kTokensMax},
      {"documents per prompt", static_cast<double>(shape.documents_per_prompt), 0, 1000},
      {"skew", shape.skew, 0, 10},
      {"first tokens", shape.first_tokens, 0, kTokensMax},
      {"turn tokens", shape.turn_tokens, 0, kTokensMax},
      {"output tokens", shape.output_tokens, 0, kTokensMax},
  }};
  for (const Range& range : ranges) {
    if (range.value >= range.min && range.value <= range.max) continue;
    return invalid(std::string(shape.name) + ": expected " + std::string(range.what) + " in [" +
                   std::to_string(static_cast<std::int64_t>(range.min)) + ", " +
                   std::to_string(static_cast<std::int64_t>(range.max)) + "], found " +
                   std::to_string(range.value));
  }
  if (shape.length_cv >= 0 && shape.length_cv <= 20) return {};
  return invalid(std::string(shape.name) + ": expected a cv of lengths in [0, 20], found " +
                 std::to_string(shape.length_cv));
}

}  // namespace ringmaster::sim
