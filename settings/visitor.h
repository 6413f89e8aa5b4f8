#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "settings/quantities.h"

namespace ringmaster {

enum class ValueKind : std::uint8_t {
  kText,
  kInteger,
  kNumber,
  kBoolean,
  kChoice,
  kDuration,
  kBytes,
  kTextList,
  kSection,
  kList,
  kOptions
};

/// One key of a file, in words and for machines.
struct KeyDescription {
  std::string key;  ///< Its name in its section; the whole path in a list of keys.
  ValueKind kind = ValueKind::kText;
  std::string expected;  ///< Completes "must be ...".
  std::string default_value;
  std::string text;  ///< What it does, one sentence.
  bool is_required = false;
  bool is_secret = false;  ///< Its value is not repeated in a message.
  std::optional<double> min;
  std::optional<double> max;
  std::vector<std::string> choices;
};

/// Walks the keys of a settings struct. The struct names each key once, with its range and its
/// meaning; one visitor reads a YAML file into it (yaml_reader.h), another lists the keys
/// (key_list.h). So the file, the documentation and the schema cannot disagree.
class SettingsVisitor {
 public:
  using Section = std::function<void(SettingsVisitor&)>;
  /// Takes the text of a value; false if it is not what the description expects.
  using Assign = std::function<bool(std::string_view text)>;

  virtual ~SettingsVisitor() = default;

  /// A mapping under `key`; left out, all its keys keep their defaults.
  virtual void section(const std::string& key, const std::string& text, const Section& visit) = 0;

  /// A list of mappings; `visit` is called for each, after `add` has made room for it.
  virtual void list(const std::string& key, const std::string& text,
                    const std::function<void()>& add, const Section& visit) = 0;

  /// Keys that only the named thing itself knows: the rest of the current section.
  virtual void options(const std::string& text,
                       std::vector<std::pair<std::string, std::string>>& values) = 0;

  /// One value; the forms below are made of it.
  virtual void scalar(const KeyDescription& key, const Assign& assign) = 0;

  /// A list of values; `assign` is called for each.
  virtual void scalar_list(const KeyDescription& key, const Assign& assign) = 0;

  /// Reports a problem with `key` of the current section that only shows across keys.
  virtual void problem(const std::string& key, const std::string& text) = 0;

  template <std::integral T>
  requires(!std::same_as<T, bool>) void integer(const std::string& key, T& value,
                                                std::type_identity_t<T> min,
                                                std::type_identity_t<T> max,
                                                const std::string& text) {
    auto description = in_range(key, ValueKind::kInteger, "a whole number", std::to_string(min),
                                std::to_string(max), text);
    description.default_value = std::to_string(value);
    description.min = static_cast<double>(min);
    description.max = static_cast<double>(max);
    scalar(description, [&](std::string_view written) {
      const auto parsed = parse_integer(written);
      if (!parsed || std::cmp_less(*parsed, min) || std::cmp_greater(*parsed, max)) return false;
      value = static_cast<T>(*parsed);
      return true;
    });
  }

  void number(const std::string& key, double& value, double min, double max,
              const std::string& text);
  void boolean(const std::string& key, bool& value, const std::string& text);

  template <class Rep, class Period>
  void duration(const std::string& key, std::chrono::duration<Rep, Period>& value, Duration min,
                Duration max, const std::string& text) {
    duration_of(key, value, min, max, text, [&](Duration parsed) {
      value = std::chrono::duration_cast<std::chrono::duration<Rep, Period>>(parsed);
      return Duration(value) == parsed;  // nothing lost: 1us is no number of milliseconds
    });
  }

  void bytes(const std::string& key, std::size_t& value, std::size_t min, std::size_t max,
             const std::string& text);

  /// Text that `is_valid` accepts, described by `expected`.
  void checked_text(const std::string& key, std::string& value, bool is_required,
                    const std::string& expected, bool (*is_valid)(std::string_view),
                    const std::string& text);
  /// Any text but the empty one.
  void text(const std::string& key, std::string& value, bool is_required, const std::string& text);

  /// One of a few words.
  template <class T>
  void choice(const std::string& key, T& value,
              const std::vector<std::pair<std::string, T>>& choices,
              const std::string& default_value, const std::string& text) {
    std::vector<std::string> names;
    for (const auto& [name, unused] : choices) names.push_back(name);
    scalar(one_of(key, names, default_value, text), [&](std::string_view written) {
      for (const auto& [name, chosen] : choices) {
        if (name == written) {
          value = chosen;
          return true;
        }
      }
      return false;
    });
  }

 private:
  static KeyDescription in_range(const std::string& key, ValueKind kind, const std::string& noun,
                                 const std::string& min, const std::string& max,
                                 const std::string& text);
  static KeyDescription one_of(const std::string& key, const std::vector<std::string>& names,
                               const std::string& default_value, const std::string& text);
  void duration_of(const std::string& key, Duration value, Duration min, Duration max,
                   const std::string& text, const std::function<bool(Duration)>& assign);
};

}  // namespace ringmaster
