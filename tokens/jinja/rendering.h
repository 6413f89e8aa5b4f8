#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tokens/chat_template.h"
#include "tokens/jinja/compound_values.h"

namespace ringmaster::jinja {

/// What one rendering has used up, and the first thing that went wrong in it.
///
/// After a fault everything evaluates to undefined and every loop ends; the output is thrown away.
class Rendering {
 public:
  Rendering(std::string_view name, const RenderLimits& limits, const std::optional<CivilTime>& now)
      : name_(name), limits_(limits), now_(now) {}

  void fail(int line, std::string_view problem);
  [[nodiscard]] const std::optional<std::string>& problem() const { return problem_; }
  [[nodiscard]] bool has_failed() const { return problem_.has_value(); }

  /// Uses steps up; false, and a fault, when there are none left. Call it before work of that size.
  bool charge(std::uint64_t steps, int line);

  /// May a text of this size be made? Charges for it.
  bool charge_text(std::size_t bytes, int line);

  /// Lives as long as the rendering.
  Namespace* make_namespace() {
    return namespaces_.emplace_back(std::make_unique<Namespace>()).get();
  }

  [[nodiscard]] const std::optional<CivilTime>& now() const { return now_; }

 private:
  std::string_view name_;
  RenderLimits limits_;
  std::optional<CivilTime> now_;
  std::uint64_t steps_ = 0;
  std::optional<std::string> problem_;
  std::vector<std::unique_ptr<Namespace>> namespaces_;
};

/// The arguments of a call, evaluated.
struct CallArguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string_view, Value>> named;

  /// The argument at this position or of this name; null if it is not given.
  [[nodiscard]] const Value* find(std::size_t position, std::string_view name) const;
};

/// Where a built-in function is called from.
struct CallSite {
  Rendering& rendering;
  int line = 1;

  /// Adds a fault and returns undefined.
  Value fail(std::string_view problem) const {
    rendering.fail(line, problem);
    return {};
  }
  [[nodiscard]] bool charge(std::uint64_t steps) const { return rendering.charge(steps, line); }
  [[nodiscard]] bool charge_text(std::size_t bytes) const {
    return rendering.charge_text(bytes, line);
  }
  /// For a == b or a < b.
  [[nodiscard]] bool charge_comparison(const Value& a, const Value& b) const {
    return charge(std::min(a.extent().size, b.extent().size) / 64);
  }
};

/// Steps that one element of a new list costs: about a hundred bytes.
inline constexpr std::uint64_t kStepsPerElement = 4;

}  // namespace ringmaster::jinja
