#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "tokens/marked_text.h"

namespace ringmaster {

namespace jinja {
class Value;
struct Template;
}  // namespace jinja

/// A date and time of day as a template may print it.
struct CivilTime {
  int year = 1970;
  int month = 1;  ///< 1 to 12.
  int day = 1;    ///< 1 to 31.
  int hour = 0;
  int minute = 0;
  int second = 0;
};

/// Templates are outside input: these bound what one rendering may cost.
struct RenderLimits {
  /// Evaluated nodes, plus one per 64 bytes of every string made. At some 50 ns a step this is a
  /// second; a conversation of 1,000 turns takes about 100,000.
  std::uint64_t steps_max = 20'000'000;
  std::size_t output_bytes_max = 64U << 20U;
};

/// A Jinja template as chat models carry it, in the subset that their templates use
/// (docs/chat-templates.md), with trim_blocks and lstrip_blocks on.
///
/// Immutable; any thread may render.
class ChatTemplate {
 public:
  /// Fails with kInvalidArgument: "<name>:<line>: <what was expected>".
  [[nodiscard]] static Result<ChatTemplate> parse(std::string_view source, std::string_view name);

  /// `variables` is a mapping; its names are the template's variables. `now` is what strftime_now
  /// prints; without it that function is undefined.
  /// Fails with kInvalidArgument: raise_exception(), a fault of the template, or a limit.
  [[nodiscard]] Result<MarkedText> render(const jinja::Value& variables,
                                          const std::optional<CivilTime>& now = std::nullopt,
                                          const RenderLimits& limits = {}) const;

 private:
  explicit ChatTemplate(std::shared_ptr<const jinja::Template> parsed)
      : parsed_(std::move(parsed)) {}

  std::shared_ptr<const jinja::Template> parsed_;
};

}  // namespace ringmaster
