#include "settings/visitor.h"

#include "base/number_text.h"

namespace ringmaster {

KeyDescription SettingsVisitor::in_range(const std::string& key, ValueKind kind,
                                         const std::string& noun, const std::string& min,
                                         const std::string& max, const std::string& text) {
  return {
      .key = key, .kind = kind, .expected = noun + " in [" + min + ", " + max + "]", .text = text};
}

KeyDescription SettingsVisitor::one_of(const std::string& key,
                                       const std::vector<std::string>& names,
                                       const std::string& default_value, const std::string& text) {
  std::string expected = "one of ";
  for (const std::string& name : names) {
    expected += name;
    if (&name != &names.back()) expected += ", ";
  }
  return {.key = key,
          .kind = ValueKind::kChoice,
          .expected = std::move(expected),
          .default_value = default_value,
          .text = text,
          .choices = names};
}

void SettingsVisitor::number(const std::string& key, double& value, double min, double max,
                             const std::string& text) {
  auto description =
      in_range(key, ValueKind::kNumber, "a number", format_number(min), format_number(max), text);
  description.default_value = format_number(value);
  description.min = min;
  description.max = max;
  scalar(description, [&](std::string_view written) {
    const auto parsed = parse_number(written);
    if (!parsed || *parsed < min || *parsed > max) return false;
    value = *parsed;
    return true;
  });
}

void SettingsVisitor::boolean(const std::string& key, bool& value, const std::string& text) {
  KeyDescription description{.key = key,
                             .kind = ValueKind::kBoolean,
                             .expected = "true or false",
                             .default_value = value ? "true" : "false",
                             .text = text};
  scalar(description, [&](std::string_view written) {
    if (written != "true" && written != "false") return false;
    value = written == "true";
    return true;
  });
}

void SettingsVisitor::duration_of(const std::string& key, Duration value, Duration min,
                                  Duration max, const std::string& text,
                                  const std::function<bool(Duration)>& assign) {
  auto description =
      in_range(key, ValueKind::kDuration, "a duration with its unit (us, ms, s, m, h)",
               format_duration(min), format_duration(max), text);
  description.default_value = format_duration(value);
  scalar(description, [&](std::string_view written) {
    const auto parsed = parse_duration(written);
    return parsed && *parsed >= min && *parsed <= max && assign(*parsed);
  });
}

void SettingsVisitor::bytes(const std::string& key, std::size_t& value, std::size_t min,
                            std::size_t max, const std::string& text) {
  auto description = in_range(key, ValueKind::kBytes, "a size in B, KiB, MiB or GiB",
                              format_bytes(min), format_bytes(max), text);
  description.default_value = format_bytes(value);
  scalar(description, [&](std::string_view written) {
    const auto parsed = parse_bytes(written);
    if (!parsed || *parsed < min || *parsed > max) return false;
    value = *parsed;
    return true;
  });
}

void SettingsVisitor::checked_text(const std::string& key, std::string& value, bool is_required,
                                   const std::string& expected, bool (*is_valid)(std::string_view),
                                   const std::string& text) {
  KeyDescription description{.key = key,
                             .expected = expected,
                             .default_value = value,
                             .text = text,
                             .is_required = is_required};
  scalar(description, [&](std::string_view written) {
    if (!is_valid(written)) return false;
    value = written;
    return true;
  });
}

void SettingsVisitor::text(const std::string& key, std::string& value, bool is_required,
                           const std::string& text) {
  checked_text(
      key, value, is_required, "text that is not empty",
      [](std::string_view written) { return !written.empty(); }, text);
}

}  // namespace ringmaster
