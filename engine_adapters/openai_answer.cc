#include "engine_adapters/openai_answer.h"

#include <limits>
#include <string>

#include <simdjson.h>

namespace ringmaster {
namespace {

using simdjson::ondemand::object;
using simdjson::ondemand::value;

/// A parser and room for a padded copy. Answers are read between two awaits, so one per thread.
struct Scratch {
  simdjson::ondemand::parser parser;
  std::string text;
};

Scratch& scratch_with(std::string_view json) {
  thread_local Scratch scratch;
  scratch.text.reserve(json.size() + simdjson::SIMDJSON_PADDING);
  scratch.text.assign(json);
  return scratch;
}

std::optional<std::uint32_t> count_from(simdjson::simdjson_result<value> field) {
  std::uint64_t number = 0;
  if (field.get(number) != simdjson::SUCCESS) return std::nullopt;
  if (number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

void read_usage(object usage, AnswerUsage& into) {
  for (auto field : usage) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
    if (key == "prompt_tokens") {
      into.prompt_tokens = count_from(field.value());
    } else if (key == "completion_tokens") {
      into.output_tokens = count_from(field.value());
    } else if (key == "prompt_tokens_details") {
      object details;
      if (field.value().get(details) != simdjson::SUCCESS) continue;
      if (auto cached = count_from(details["cached_tokens"])) into.cached_tokens = cached;
    }
  }
}

bool holds_text(simdjson::simdjson_result<value> field) {
  std::string_view text;
  return field.get(text) == simdjson::SUCCESS && !text.empty();
}

/// Whether a delta carries anything but the role.
bool delta_has_output(object delta) {
  for (auto field : delta) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return false;
    if (key == "content" || key == "reasoning" || key == "reasoning_content" || key == "refusal") {
      if (holds_text(field.value())) return true;
    } else if (key == "tool_calls" || key == "function_call") {
      simdjson::ondemand::json_type type{};
      if (field.value().type().get(type) == simdjson::SUCCESS &&
          type != simdjson::ondemand::json_type::null) {
        return true;
      }
    }
  }
  return false;
}

void read_choice(object choice, AnswerEvent& event) {
  for (auto field : choice) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return;
    if (key == "delta") {
      object delta;
      if (field.value().get(delta) == simdjson::SUCCESS && delta_has_output(delta)) {
        event.has_output = true;
      }
    } else if (key == "text") {
      if (holds_text(field.value())) event.has_output = true;
    } else if (key == "finish_reason") {
      std::string_view reason;
      if (field.value().get(reason) == simdjson::SUCCESS && reason == "abort")
        event.is_abort = true;
    }
  }
}

/// Reads what is known in a chunk or a whole answer; stops silently where it is malformed.
AnswerEvent read_chunk(std::string_view json, AnswerUsage& usage) {
  AnswerEvent event;
  auto& scratch = scratch_with(json);
  simdjson::ondemand::document document;
  object root;
  if (scratch.parser.iterate(scratch.text).get(document) != simdjson::SUCCESS) return event;
  if (document.get_object().get(root) != simdjson::SUCCESS) return event;
  bool has_no_choice = false;
  bool has_usage = false;
  for (auto field : root) {
    std::string_view key;
    if (field.unescaped_key().get(key) != simdjson::SUCCESS) return event;
    if (key == "choices") {
      simdjson::ondemand::array choices;
      if (field.value().get(choices) != simdjson::SUCCESS) continue;
      has_no_choice = true;
      for (auto item : choices) {
        has_no_choice = false;
        object choice;
        if (item.get(choice) == simdjson::SUCCESS) read_choice(choice, event);
      }
    } else if (key == "usage") {
      object counts;
      if (field.value().get(counts) != simdjson::SUCCESS) continue;
      has_usage = true;
      read_usage(counts, usage);
    } else if (key == "error") {
      simdjson::ondemand::json_type type{};
      event.is_error = field.value().type().get(type) == simdjson::SUCCESS &&
                       type != simdjson::ondemand::json_type::null;
    }
  }
  event.is_usage = has_usage && has_no_choice;
  return event;
}

/// Whether `json` has `"<name>":` followed by something other than null. Inside a JSON string the
/// quotes would be escaped, so text of the answer cannot match.
bool has_value_under(std::string_view json, std::string_view quoted_name) {
  for (auto at = json.find(quoted_name); at != std::string_view::npos;
       at = json.find(quoted_name, at)) {
    at += quoted_name.size();
    const auto value_at = json.find_first_not_of(" :", at);
    if (value_at != std::string_view::npos && json[value_at] != 'n') return true;
  }
  return false;
}

}  // namespace

AnswerEvent OpenAiAnswer::read_event(std::string_view data) {
  if (data == "[DONE]") return {.is_end = true};
  const bool must_parse = output_events_ == 0 || has_value_under(data, "\"finish_reason\"") ||
                          has_value_under(data, "\"usage\"") || has_value_under(data, "\"error\"");
  const AnswerEvent event = must_parse ? read_chunk(data, usage_) : AnswerEvent{.has_output = true};
  if (event.has_output) ++output_events_;
  return event;
}

void OpenAiAnswer::read_comment(std::string_view lines) {
  constexpr std::string_view kUsage = ": usage {";
  if (!lines.starts_with(kUsage)) return;
  auto& scratch = scratch_with(lines.substr(kUsage.size() - 1));
  simdjson::ondemand::document document;
  object usage;
  if (scratch.parser.iterate(scratch.text).get(document) != simdjson::SUCCESS) return;
  if (document.get_object().get(usage) == simdjson::SUCCESS) read_usage(usage, usage_);
}

void OpenAiAnswer::read_body(std::string_view body) {
  read_chunk(body, usage_);
}

}  // namespace ringmaster
