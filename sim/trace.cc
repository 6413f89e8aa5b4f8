#include "sim/trace.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <unordered_map>
#include <utility>

#include <simdjson.h>

namespace ringmaster::sim {
namespace {

namespace dom = simdjson::dom;

// Far above every model's context; keeps sums of tokens far below 2^63.
constexpr std::uint64_t kTokensMax = 100'000'000;
// About three years; the nanoseconds stay far below 2^63.
constexpr double kTimestampMsMax = 1e11;
constexpr std::int64_t kPriorityMax = 1'000'000;
constexpr std::uint64_t kStepsMax = 1'000'000;
constexpr std::size_t kRequiredFields = 4;
constexpr auto kFields = std::to_array<std::string_view>(
    {"timestamp", "input_length", "output_length", "hash_ids", "session", "tenant", "adapter",
     "priority", "steps_to_execution"});

/// What was found, short enough for one line of an error message.
std::string quoted(dom::element value) {
  constexpr std::size_t kBytesMax = 40;
  std::string text = simdjson::minify(value);
  if (text.size() > kBytesMax) text = text.substr(0, kBytesMax) + "...";
  return text;
}

void append_number(std::string& text, std::uint64_t number) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  text.append(digits.data(), end);
}

void append_milliseconds(std::string& text, Duration time) {
  constexpr std::int64_t kNanosecondsPerMs = 1'000'000;
  const auto nanoseconds = time.count();
  append_number(text, static_cast<std::uint64_t>(nanoseconds / kNanosecondsPerMs));
  if (const auto rest = nanoseconds % kNanosecondsPerMs; rest != 0) {
    std::string fraction =
        std::to_string(kNanosecondsPerMs + rest);  // A leading 1 keeps the zeros.
    fraction[0] = '.';
    text += fraction.substr(0, fraction.find_last_not_of('0') + 1);
  }
}

/// Reads one line after the other into the trace; says what is wrong with the current one.
class LineReader {
 public:
  LineReader(Trace& trace, std::string_view file) : trace_(trace), file_(file) {}

  /// Requires: `bytes` is followed by SIMDJSON_PADDING readable bytes.
  Status read(std::string_view bytes) {
    ++line_;
    if (bytes.find_first_not_of(" \t\r") == std::string_view::npos) {
      return problem("expected a JSON object, found an empty line");
    }
    dom::object object;
    const auto parsed = parser_.parse(bytes.data(), bytes.size(), false);
    if (const auto error = parsed.error()) {
      return problem("expected one JSON object a line: " +
                     std::string(simdjson::error_message(error)));
    }
    if (parsed.get(object) != simdjson::SUCCESS) {
      return problem("expected a JSON object, found " + quoted(parsed.value_unsafe()));
    }
    record_ = TraceRecord{.first_id = trace_.hash_ids.size()};
    std::array<bool, kFields.size()> seen{};
    for (const auto field : object) {
      if (auto status = read_field(field.key, field.value, seen); !status) return status;
    }
    for (std::size_t i = 0; i < kRequiredFields; ++i) {
      if (!seen[i]) return problem("expected the field \"" + std::string(kFields[i]) + "\"");
    }
    return check_and_keep();
  }

  [[nodiscard]] tl::unexpected<Error> problem(const std::string& what) const {
    return invalid(std::string(file_) + ":" + std::to_string(line_) + ": " + what);
  }

 private:
  Status read_field(std::string_view key, dom::element value,
                    std::array<bool, kFields.size()>& seen) {
    const auto* const known = std::ranges::find(kFields, key);
    if (known == kFields.end()) {
      auto& ignored = trace_.ignored_fields;
      const auto place = std::ranges::lower_bound(ignored, key, std::less<>{});
      if (place == ignored.end() || *place != key) ignored.emplace(place, key);
      return {};
    }
    const auto index = static_cast<std::size_t>(known - kFields.begin());
    if (seen[index]) return problem("expected \"" + std::string(key) + "\" once, found it twice");
    seen[index] = true;
    switch (index) {
      case 0:
        return read_timestamp(value);
      case 1:
        return read_tokens(key, value, 1, record_.input_tokens);
      case 2:
        return read_tokens(key, value, 0, record_.output_tokens);
      case 3:
        return read_ids(value);
      case 4:
        return read_name(key, value, record_.labels.session);
      case 5:
        return read_name(key, value, record_.labels.tenant);
      case 6:
        return read_name(key, value, record_.labels.adapter);
      case 7:
        return read_priority(value);
      default:
        return read_steps(value);
    }
  }

  Status read_name(std::string_view key, dom::element value, std::uint64_t& name) {
    if (value.get(name) == simdjson::SUCCESS) return {};
    return problem("expected \"" + std::string(key) + "\" as a whole number from 0, found " +
                   quoted(value));
  }

  Status read_priority(dom::element value) {
    std::int64_t number = 0;
    if (value.get(number) != simdjson::SUCCESS || number < -kPriorityMax || number > kPriorityMax) {
      return problem("expected \"priority\" as a whole number in [-1000000, 1000000], found " +
                     quoted(value));
    }
    record_.labels.priority = static_cast<std::int32_t>(number);
    return {};
  }

  Status read_steps(dom::element value) {
    std::uint64_t number = 0;
    if (value.get(number) != simdjson::SUCCESS || number > kStepsMax) {
      return problem("expected \"steps_to_execution\" as a whole number in [0, 1000000], found " +
                     quoted(value));
    }
    record_.labels.steps_to_execution = static_cast<std::uint32_t>(number);
    return {};
  }

  Status read_timestamp(dom::element value) {
    double milliseconds = 0;
    if (value.get(milliseconds) != simdjson::SUCCESS || !(milliseconds >= 0) ||
        milliseconds > kTimestampMsMax) {
      return problem("expected \"timestamp\" as milliseconds in [0, 1e11], found " + quoted(value));
    }
    record_.timestamp = Duration(static_cast<std::int64_t>(std::llround(milliseconds * 1e6)));
    return {};
  }

  Status read_tokens(std::string_view key, dom::element value, std::uint64_t tokens_min,
                     std::uint32_t& tokens) {
    std::uint64_t number = 0;
    if (value.get(number) != simdjson::SUCCESS || number < tokens_min || number > kTokensMax) {
      return problem("expected \"" + std::string(key) + "\" as a whole number of tokens in [" +
                     std::to_string(tokens_min) + ", " + std::to_string(kTokensMax) + "], found " +
                     quoted(value));
    }
    tokens = static_cast<std::uint32_t>(number);
    return {};
  }

  Status read_ids(dom::element value) {
    dom::array ids;
    if (value.get(ids) != simdjson::SUCCESS) {
      return problem("expected \"hash_ids\" as an array, found " + quoted(value));
    }
    for (const dom::element id : ids) {
      std::uint64_t number = 0;
      if (id.get(number) != simdjson::SUCCESS) {
        return problem("expected \"hash_ids\" to hold whole numbers from 0, found " + quoted(id));
      }
      trace_.hash_ids.push_back(number);
    }
    record_.id_count = trace_.hash_ids.size() - record_.first_id;
    return {};
  }

  Status check_and_keep() {
    const std::size_t ids_max =
        (record_.input_tokens + kTraceBlockTokens - std::size_t{1}) / kTraceBlockTokens;
    if (record_.id_count > ids_max) {
      return problem("expected at most " + std::to_string(ids_max) + " hash_ids for " +
                     std::to_string(record_.input_tokens) + " tokens (one per " +
                     std::to_string(kTraceBlockTokens) + "), found " +
                     std::to_string(record_.id_count));
    }
    if (!trace_.records.empty() && record_.timestamp < trace_.records.back().timestamp) {
      std::string before;
      std::string found;
      append_milliseconds(before, trace_.records.back().timestamp);
      append_milliseconds(found, record_.timestamp);
      return problem("expected a timestamp not before that of the line above, " + before +
                     ", found " + found);
    }
    trace_.records.push_back(record_);
    return {};
  }

  Trace& trace_;
  std::string_view file_;
  std::size_t line_ = 0;
  TraceRecord record_;
  dom::parser parser_;
};

void append_labels(std::string& text, const RequestLabels& labels) {
  const auto add = [&](std::string_view name, std::uint64_t value) {
    if (value == 0) return;
    (text += ", \"").append(name) += "\": ";
    append_number(text, value);
  };
  add("session", labels.session);
  add("tenant", labels.tenant);
  add("adapter", labels.adapter);
  if (labels.priority != 0) text += R"(, "priority": )" + std::to_string(labels.priority);
  add("steps_to_execution", labels.steps_to_execution);
}

}  // namespace

Result<Trace> parse_trace(std::string_view text, std::string_view file) {
  Trace trace;
  LineReader reader(trace, file);
  const simdjson::padded_string padded(text);
  std::string_view rest(padded.data(), padded.size());
  while (!rest.empty()) {
    const auto end = std::min(rest.find('\n'), rest.size());
    if (auto status = reader.read(rest.substr(0, end)); !status) {
      return tl::unexpected(std::move(status).error());
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (trace.records.empty()) {
    return invalid(std::string(file) + ":1: expected a JSON object a line, found an empty file");
  }
  return trace;
}

std::string write_trace(const Trace& trace) {
  std::string text;
  for (const TraceRecord& record : trace.records) {
    text += R"({"timestamp": )";
    append_milliseconds(text, record.timestamp);
    text += R"(, "input_length": )";
    append_number(text, record.input_tokens);
    text += R"(, "output_length": )";
    append_number(text, record.output_tokens);
    text += R"(, "hash_ids": [)";
    std::string_view separator;
    for (const std::uint64_t id : trace.ids_of(record)) {
      text += separator;
      append_number(text, id);
      separator = ", ";
    }
    text += ']';
    append_labels(text, record.labels);
    text += "}\n";
  }
  return text;
}

void number_ids_by_appearance(Trace& trace) {
  std::unordered_map<std::uint64_t, std::uint64_t> number_of;
  std::vector<std::uint64_t> ids;
  for (TraceRecord& record : trace.records) {
    const std::size_t first = ids.size();
    for (const std::uint64_t id : trace.ids_of(record)) {
      ids.push_back(number_of.try_emplace(id, number_of.size()).first->second);
    }
    record.first_id = first;
  }
  trace.hash_ids = std::move(ids);
}

}  // namespace ringmaster::sim
