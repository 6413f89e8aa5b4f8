#include "engine/server/openai_request.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <utility>

#include <boost/json.hpp>
#include <simdjson.h>

#include "tokens/json_place.h"

namespace ringmaster::engine {
namespace {

constexpr std::size_t kStopStringsMax = 16;
constexpr std::size_t kStopBytesMax = 1024;
constexpr std::size_t kSaltBytesMax = 1024;
constexpr std::int64_t kLogprobsMax = 20;
constexpr std::string_view kNewerLimit = "max_completion_tokens";
constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();

// simdjson says what is wrong but not where; the second parser is only asked for the place.
std::string place_of_bad_json(std::string_view body) {
  boost::json::stream_parser parser;
  boost::json::error_code error;
  std::size_t offset = parser.write_some(body.data(), body.size(), error);
  if (!error && offset == body.size()) parser.finish(error);
  offset = std::min(offset, body.size());
  const std::string_view before = body.substr(0, offset);
  const auto line = 1 + std::ranges::count(before, '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 == 0.
  return "line " + std::to_string(line) + ", column " + std::to_string(offset - line_start + 1) +
         " (byte " + std::to_string(offset) + " of " + std::to_string(body.size()) + ")";
}

float float_at(const JsonPlace& body, std::string_view key, float fallback, int most) {
  const auto place = body.find(key);
  if (!place) return fallback;
  double value = 0;
  if (place->value().get_double().get(value) != simdjson::SUCCESS || value < 0 || value > most) {
    place->wrong("must be a number from 0 to " + std::to_string(most));
  }
  return static_cast<float>(value);
}

std::int32_t integer_at(const JsonPlace& body, std::string_view key, std::int32_t fallback,
                        std::int64_t least, std::int64_t most) {
  const auto place = body.find(key);
  return place ? static_cast<std::int32_t>(place->integer(least, most)) : fallback;
}

std::string text_at(const JsonPlace& body, std::string_view key, std::size_t bytes_max) {
  const auto place = body.find(key);
  if (!place) return {};
  const std::string_view text = place->string();
  if (text.size() > bytes_max) {
    place->wrong("must be at most " + std::to_string(bytes_max) + " bytes, has " +
                 std::to_string(text.size()));
  }
  return std::string(text);
}

void read_sampling(const JsonPlace& body, OpenAiRequest& request) {
  SamplingOptions& sampling = request.sampling;
  sampling.temperature = float_at(body, "temperature", 1.0F, 2);
  sampling.top_p = float_at(body, "top_p", 1.0F, 1);
  sampling.min_p = float_at(body, "min_p", 0.0F, 1);
  // -1 is the other customary spelling of "off".
  sampling.top_k = std::max(0, integer_at(body, "top_k", 0, -1, kInt32Max));
  if (const auto seed = body.find("seed")) {
    request.has_seed = true;
    sampling.seed = static_cast<std::uint64_t>(seed->integer(
        std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()));
  }
}

void read_logprobs(const JsonPlace& body, OpenAiRequest& request) {
  const auto logprobs = body.find("logprobs");
  if (request.kind == CallKind::kCompletion) {
    if (logprobs) {
      request.sampling.logprobs = static_cast<std::int32_t>(logprobs->integer(0, kLogprobsMax));
    }
    return;
  }
  const bool is_on = logprobs && logprobs->boolean();
  if (is_on) request.sampling.logprobs = integer_at(body, "top_logprobs", 0, 0, kLogprobsMax);
  const auto top = body.find("top_logprobs");
  if (!is_on && top && top->integer(0, kLogprobsMax) > 0) {
    top->wrong("needs logprobs: true beside it");
  }
}

void read_limits(const JsonPlace& body, OpenAiRequest& request) {
  request.output_tokens_max = integer_at(body, "max_tokens", 0, 1, kInt32Max);
  if (request.kind == CallKind::kChat) {
    if (const auto newer = body.find(kNewerLimit)) {
      request.output_tokens_max = static_cast<std::int32_t>(newer->integer(1, kInt32Max));
      request.output_limit = kNewerLimit;
    }
  }
  request.ignores_end_tokens = body.flag("ignore_eos", false);
}

void read_stop(const JsonPlace& body, OpenAiRequest& request) {
  const auto stop = body.find("stop");
  if (!stop) return;
  const auto add = [&](const JsonPlace& place) {
    const std::string_view text = place.string();
    if (text.empty() || text.size() > kStopBytesMax) {
      place.wrong("must have 1 to " + std::to_string(kStopBytesMax) + " bytes");
    }
    request.stop.emplace_back(text);
  };
  if (stop->is_string()) {
    add(*stop);
  } else if (!stop->is_array()) {
    stop->must_be("a string or an array of strings");
  } else if (stop->array()->size() > kStopStringsMax) {
    stop->wrong("may have at most " + std::to_string(kStopStringsMax) + " strings");
  } else {
    stop->each(add);
  }
}

void read_stream(const JsonPlace& body, OpenAiRequest& request) {
  request.is_streamed = body.flag("stream", false);
  const auto options = body.find("stream_options");
  if (!options) return;
  if (!options->is_object()) return options->must_be("an object");
  if (!request.is_streamed) options->wrong("needs stream: true beside it");
  request.includes_usage = options->flag("include_usage", false);
}

// Paths are only made where there is a fault to name: a body may have millions of tokens.
TokenVector read_tokens(const JsonPlace& list) {
  TokenVector tokens;
  const auto elements = list.array();
  if (!elements) return tokens;
  tokens.reserve(elements->size());
  for (const simdjson::dom::element element : *elements) {
    std::int64_t token = 0;
    if (element.get(token) != simdjson::SUCCESS || token < 0 || token > kInt32Max) {
      list.each([](const JsonPlace& place) { static_cast<void>(place.integer(0, kInt32Max)); });
      return {};
    }
    tokens.push_back(static_cast<TokenId>(token));
  }
  return tokens;
}

void read_prompt(const JsonPlace& body, OpenAiRequest& request) {
  auto prompt = body.need("prompt");
  if (!prompt) return;
  if (const auto elements = prompt->is_array() ? prompt->array() : std::nullopt;
      elements && elements->size() > 0) {
    const simdjson::dom::element first = elements->at(0);
    if (first.is_string() || first.is_array()) {
      // A list of one prompt is that prompt.
      if (elements->size() > 1) {
        return prompt->wrong("may hold only one prompt: send one request for each");
      }
      std::optional<JsonPlace> only;
      prompt->each([&](const JsonPlace& place) { only = place; });
      prompt = std::move(only);
    }
  }
  if (prompt->is_array()) {
    request.prompt = read_tokens(*prompt);
  } else if (prompt->is_string()) {
    request.prompt = std::string(prompt->string());
  } else {
    prompt->must_be("a string or an array of token ids");
  }
}

void need_number(const JsonPlace& body, std::string_view key, double neutral) {
  const auto place = body.find(key);
  double value = 0;
  if (!place || (place->value().get_double().get(value) == simdjson::SUCCESS && value == neutral)) {
    return;
  }
  place->wrong("is not supported: expected " + std::to_string(static_cast<int>(neutral)) +
               " or nothing");
}

/// false, "", [] and {} ask for nothing.
bool asks_for_nothing(const JsonPlace& place) {
  const simdjson::dom::element value = place.value();
  bool flag = false;
  if (value.get(flag) == simdjson::SUCCESS) return !flag;
  if (place.is_string()) return place.string().empty();
  if (place.is_array()) return simdjson::dom::array(value).size() == 0;
  return place.is_object() && simdjson::dom::object(value).size() == 0;
}

/// A call cannot be enforced: nothing constrains what the model writes.
void need_free_choice(const JsonPlace& body, std::string_view key) {
  const auto choice = body.find(key);
  if (!choice) return;
  const bool is_free =
      choice->is_string() && (choice->string() == "auto" || choice->string() == "none");
  if (!is_free) choice->wrong("is not supported: expected \"auto\" or \"none\"");
}

void refuse_other_forms(const JsonPlace& body) {
  if (const auto format = body.find("response_format")) {
    const auto type = format->need("type");
    if (type && type->string() != "text") type->wrong("is not supported: expected \"text\"");
  }
  if (const auto modalities = body.find("modalities")) {
    modalities->each([](const JsonPlace& modality) {
      if (modality.string() != "text") modality.wrong("is not supported: expected \"text\"");
    });
  }
  for (const std::string_view key : {"tool_choice", "function_call"}) need_free_choice(body, key);
}

// What would change the answer, and is not built: better refused than silently ignored.
void refuse_unsupported(const JsonPlace& body, CallKind kind) {
  for (const std::string_view key : {"n", "best_of", "repetition_penalty"}) {
    need_number(body, key, 1);
  }
  for (const std::string_view key : {"presence_penalty", "frequency_penalty", "min_tokens"}) {
    need_number(body, key, 0);
  }
  if (body.flag("echo", false)) body.find("echo")->wrong("is not supported: expected false");
  if (!body.flag("skip_special_tokens", true)) {
    body.find("skip_special_tokens")->wrong("is not supported: expected true");
  }
  for (const std::string_view key :
       {"suffix", "logit_bias", "functions", "stop_token_ids", "bad_words", "allowed_token_ids",
        "include_stop_str_in_output", "use_beam_search", "prompt_logprobs",
        "truncate_prompt_tokens", "structured_outputs", "guided_json", "guided_regex",
        "guided_choice", "guided_grammar", "chat_template", "documents"}) {
    const auto place = body.find(key);
    if (place && !asks_for_nothing(*place)) place->wrong("is not supported: leave it out");
  }
  refuse_other_forms(body);
  if (const auto limit = body.find(kNewerLimit); limit && kind == CallKind::kCompletion) {
    limit->wrong("is for chats: expected max_tokens");
  }
}

tl::unexpected<RequestFault> no_object(std::string_view problem) {
  auto error = invalid("the body " + std::string(problem)).value();
  return tl::unexpected(RequestFault{.error = std::move(error), .param = {}});
}

}  // namespace

tl::expected<OpenAiRequest, RequestFault> parse_openai_request(CallKind kind,
                                                               std::string_view body) {
  simdjson::dom::parser parser;
  JsonFault fault("");
  const auto root = parse_json(parser, body, fault);
  if (!root) {
    return no_object(fault.error().value().message + " at " + place_of_bad_json(body));
  }
  if (!root->is_object()) return no_object("must be a JSON object");
  OpenAiRequest request{.kind = kind};
  if (const auto model = root->need("model")) request.model = model->string();
  if (kind == CallKind::kCompletion) {
    read_prompt(*root, request);
  } else {
    request.prompt = read_chat_request(*root);
  }
  read_sampling(*root, request);
  read_logprobs(*root, request);
  read_limits(*root, request);
  read_stop(*root, request);
  read_stream(*root, request);
  request.priority =
      integer_at(*root, "priority", 0, std::numeric_limits<std::int32_t>::min(), kInt32Max);
  request.cache_salt = text_at(*root, "cache_salt", kSaltBytesMax);
  refuse_unsupported(*root, kind);
  if (fault) {
    return tl::unexpected(RequestFault{.error = fault.error().value(), .param = fault.path()});
  }
  return request;
}

}  // namespace ringmaster::engine
