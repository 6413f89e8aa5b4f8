#include "engine/simulated/measured_steps.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace ringmaster::engine {
namespace {

constexpr std::string_view kColumns = "prefill_tokens,decode_sequences,kv_tokens,pairs,seconds";
constexpr std::size_t kStepsMax = 100'000;

template <class T>
bool read_number(std::string_view text, T& value) {
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  return failed == std::errc{} && end == text.data() + text.size();
}

bool read_step(std::string_view line, MeasuredStep& step) {
  std::array<double, 5> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t comma = i + 1 < numbers.size() ? line.find(',') : line.size();
    if (comma == std::string_view::npos || !read_number(line.substr(0, comma), numbers[i]))
      return false;
    if (!std::isfinite(numbers[i]) || numbers[i] < 0) return false;
    line.remove_prefix(std::min(comma + 1, line.size()));
  }
  step.load = {.prefill_tokens = numbers[0],
               .decoding_sequences = numbers[1],
               .kv_tokens = numbers[2],
               .attention_pairs = numbers[3]};
  step.seconds = numbers[4];
  return step.seconds > 0;
}

/// Takes a "# key value" line; false if it is not one of those expected.
bool read_head(std::string_view line, MeasuredSteps& steps) {
  const auto value_of = [&](std::string_view key) -> std::string_view {
    return line.starts_with(key) ? line.substr(key.size()) : std::string_view{};
  };
  if (const auto device = value_of("# device "); !device.empty()) {
    steps.device = device;
    return true;
  }
  if (const auto tokens = value_of("# device_kv_tokens "); !tokens.empty()) {
    return read_number(tokens, steps.device_kv_tokens) && steps.device_kv_tokens > 0;
  }
  const auto tokens = value_of("# context_tokens_max ");
  return !tokens.empty() && read_number(tokens, steps.context_tokens_max) &&
         steps.context_tokens_max > 1;
}

}  // namespace

Result<MeasuredSteps> parse_measured_steps(std::string_view text, std::string_view file) {
  MeasuredSteps steps;
  bool has_columns = false;
  std::size_t number = 0;
  const auto refuse = [&](const std::string& expected) {
    return invalid(std::string(file) + ":" + std::to_string(number) + ": expected " + expected);
  };
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("#")) {
      if (!read_head(line, steps)) {
        return refuse("# device NAME, # device_kv_tokens N or # context_tokens_max N");
      }
    } else if (!has_columns) {
      if (line != kColumns) return refuse(std::string(kColumns));
      has_columns = true;
    } else {
      MeasuredStep step;
      if (!read_step(line, step)) return refuse("five numbers, none negative, seconds above 0");
      if (steps.steps.size() == kStepsMax) return refuse("at most 100,000 steps");
      steps.steps.push_back(step);
    }
  }
  ++number;
  if (steps.device.empty() || steps.device_kv_tokens == 0 || steps.context_tokens_max == 0) {
    return refuse("lines # device, # device_kv_tokens and # context_tokens_max");
  }
  return steps;
}

}  // namespace ringmaster::engine
