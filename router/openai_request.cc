#include "router/openai_request.h"

#include <array>
#include <limits>

#include <simdjson.h>

#include "tokens/block_hash.h"

namespace ringmaster {
namespace {

using simdjson::ondemand::json_type;
using simdjson::ondemand::object;
using simdjson::ondemand::value;

// Control characters are rare in text, so these keep the parts of a prompt apart.
constexpr char kMessageMark = '\x1e';
constexpr char kFieldMark = '\x1f';

constexpr std::size_t kNameBytesMax = 512;
constexpr std::size_t kPromptTokensMax = 16'777'216;

enum Key : std::uint8_t {
  kModel,
  kStream,
  kMaxTokens,
  kMaxCompletionTokens,
  kUser,
  kCacheSalt,
  kPriority,
  kMessages,
  kPrompt,
  kInput,
  kTools,
  kStreamOptions,
  kOther,
};

constexpr std::array<std::string_view, kOther> kKeyNames{
    "model",  "stream",     "max_tokens", "max_completion_tokens",
    "user",   "cache_salt", "priority",   "messages",
    "prompt", "input",      "tools",      "stream_options"};

Key key_of(std::string_view name) {
  for (std::size_t i = 0; i < kKeyNames.size(); ++i) {
    if (kKeyNames[i] == name) return static_cast<Key>(i);
  }
  return kOther;
}

/// A limit of the output only steers estimates: one that is no count is the engine's to refuse.
void read_limit(value field, std::optional<std::uint32_t>& into) {
  std::uint64_t number = 0;
  if (field.get(number) == simdjson::SUCCESS &&
      number <= std::numeric_limits<std::uint32_t>::max()) {
    into = static_cast<std::uint32_t>(number);
  }
}

void read_priority(value field, std::int32_t& into) {
  std::int64_t number = 0;
  if (field.get(number) == simdjson::SUCCESS && number >= -1'000'000 && number <= 1'000'000) {
    into = static_cast<std::int32_t>(number);
  }
}

/// JSON that is not text counts by its hash: an image is megabytes of base64.
void append_hash(std::string_view json, std::string& out) {
  if (json.empty()) return;
  const auto hash = chain_bytes(BlockHash{}, json, static_cast<std::uint32_t>(json.size())).front();
  for (const auto half : {hash.low, hash.high}) {
    for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(half >> shift);
  }
}

void append_raw(value field, std::string& out) {
  std::string_view json;
  if (simdjson::to_json_string(field).get(json) == simdjson::SUCCESS) append_hash(json, out);
}

/// One part of a message's content: text as it is, anything else by its hash.
simdjson::error_code append_part(value part, std::string& out) {
  std::string_view text;
  json_type type{};
  if (auto error = part.type().get(type)) return error;
  if (type == json_type::string) {
    if (auto error = part.get(text)) return error;
    out += text;
    return simdjson::SUCCESS;
  }
  if (type != json_type::object) {
    append_raw(part, out);
    return simdjson::SUCCESS;
  }
  object fields;
  if (auto error = part.get(fields)) return error;
  for (auto field : fields) {
    std::string_view key;
    value content;
    if (auto error = field.unescaped_key().get(key)) return error;
    const bool is_text = key == "text";
    const bool is_type = key == "type";
    if (auto error = field.value().get(content)) return error;
    if (is_text && content.get(text) == simdjson::SUCCESS) {
      out += text;
    } else if (!is_type) {
      append_raw(content, out);
    }
  }
  return simdjson::SUCCESS;
}

simdjson::error_code append_content(value content, std::string& out) {
  json_type type{};
  if (auto error = content.type().get(type)) return error;
  if (type != json_type::array) return append_part(content, out);
  simdjson::ondemand::array parts;
  if (auto error = content.get(parts)) return error;
  for (auto part : parts) {
    value item;
    if (auto error = part.get(item)) return error;
    if (auto error = append_part(item, out)) return error;
  }
  return simdjson::SUCCESS;
}

}  // namespace

class RequestScanner::Impl {
 public:
  Result<OpenAiRequest> scan(std::string& body);

  std::string_view fault_field;
  std::string canonical;
  std::string text;
  TokenVector tokens;

 private:
  /// The document as it is read; it lives as long as scan() runs.
  struct Reading {
    std::string& body;
    simdjson::ondemand::document document;
    bool is_begun = false;  // The document may be asked where it is.
  };

  Result<OpenAiRequest> read(Reading& reading);
  [[nodiscard]] tl::unexpected<Error> not_json(simdjson::error_code error) const;
  tl::unexpected<Error> wrong(Key key, std::string_view problem);
  tl::unexpected<Error> must_be(Key key, std::string_view what);
  Status read_text(Key key, value field, std::string& into);
  Status read_bool(Key key, value field, bool& into);
  Status read_field(Key key, value field, OpenAiRequest& request);
  Status read_messages(value field, OpenAiRequest& request);
  Status read_prompt(Key key, value field, OpenAiRequest& request);
  Status read_prompt_list(Key key, value field, OpenAiRequest& request);
  void open_message(std::string_view role);
  simdjson::error_code append_message(object message);
  void put_tools_first();

  simdjson::ondemand::parser parser_;
  Reading* reading_ = nullptr;
  std::string content_;
  std::string calls_;
  std::string tools_;
};

/// With the place, where the parser knows it: it does not of what it refuses before it reads, as
/// nothing at all, or bytes that are no UTF-8. A document that was not begun has no iterator to
/// ask.
tl::unexpected<Error> RequestScanner::Impl::not_json(simdjson::error_code error) const {
  if (error == simdjson::INCOMPLETE_ARRAY_OR_OBJECT) {
    return invalid("the body is not valid JSON: its object does not end, or text follows it");
  }
  std::string problem =
      std::string("the body is not valid JSON: ") + simdjson::error_message(error);
  const char* at = nullptr;
  if (reading_->is_begun && reading_->document.current_location().get(at) == simdjson::SUCCESS) {
    problem += " at byte " + std::to_string(at - reading_->body.data()) + " of " +
               std::to_string(reading_->body.size());
  }
  return invalid(std::move(problem));
}

tl::unexpected<Error> RequestScanner::Impl::wrong(Key key, std::string_view problem) {
  fault_field = kKeyNames[key];
  return invalid('"' + std::string(fault_field) + "\" " + std::string(problem));
}

tl::unexpected<Error> RequestScanner::Impl::must_be(Key key, std::string_view what) {
  return wrong(key, "must be " + std::string(what));
}

Status RequestScanner::Impl::read_text(Key key, value field, std::string& into) {
  if (field.is_null()) return {};
  std::string_view name;
  if (field.get(name) != simdjson::SUCCESS) return must_be(key, "a string");
  if (name.size() > kNameBytesMax) return must_be(key, "at most 512 bytes long");
  into = name;
  return {};
}

Status RequestScanner::Impl::read_bool(Key key, value field, bool& into) {
  if (field.is_null()) return {};
  if (field.get(into) != simdjson::SUCCESS) return must_be(key, "true or false");
  return {};
}

void RequestScanner::Impl::open_message(std::string_view role) {
  canonical += kMessageMark;
  canonical += role;
  canonical += kFieldMark;
}

/// Fields may come in any order; role, content, name and calls go out in this one. The role usually
/// comes first, and then the content is copied only once.
simdjson::error_code RequestScanner::Impl::append_message(object message) {
  std::string_view name;
  bool has_role = false;
  content_.clear();
  calls_.clear();
  for (auto field : message) {
    std::string_view key;
    value item;
    if (auto error = field.unescaped_key().get(key)) return error;
    const bool is_role = key == "role";
    const bool is_name = key == "name";
    const bool is_content = key == "content";
    const bool is_calls = key == "tool_calls" || key == "tool_call_id";
    if (auto error = field.value().get(item)) return error;
    if (is_role && !has_role) {
      std::string_view role;
      has_role = item.get(role) == simdjson::SUCCESS;
      if (has_role) open_message(role);
    } else if (is_name) {
      if (item.get(name) != simdjson::SUCCESS) name = {};
    } else if (is_content) {
      if (auto error = append_content(item, has_role ? canonical : content_)) return error;
    } else if (is_calls) {
      append_raw(item, calls_);
    }
  }
  if (!has_role) open_message({});
  canonical += content_;
  if (!name.empty()) (canonical += kFieldMark) += name;
  canonical += calls_;
  return simdjson::SUCCESS;
}

Status RequestScanner::Impl::read_messages(value field, OpenAiRequest& request) {
  simdjson::ondemand::array messages;
  if (field.get(messages) != simdjson::SUCCESS) return must_be(kMessages, "a list");
  for (auto item : messages) {
    value message;
    if (auto error = item.get(message)) return not_json(error);
    json_type type{};
    object fields;
    if (auto error = message.type().get(type)) return not_json(error);
    if (type != json_type::object) return must_be(kMessages, "a list of objects");
    if (auto error = message.get(fields)) return not_json(error);
    if (auto error = append_message(fields)) return not_json(error);
  }
  request.prompt = PromptKind::kMessages;
  return {};
}

Status RequestScanner::Impl::read_prompt(Key key, value field, OpenAiRequest& request) {
  json_type type{};
  if (auto error = field.type().get(type)) return not_json(error);
  if (type == json_type::array) return read_prompt_list(key, field, request);
  std::string_view prompt;
  if (type == json_type::null) return {};
  if (type != json_type::string) {
    append_raw(field, canonical);
    return {};
  }
  if (auto error = field.get(prompt)) return not_json(error);
  canonical += prompt;
  text = prompt;
  request.prompt = PromptKind::kText;
  return {};
}

/// A list of token ids is one prompt; a list of anything else is several.
Status RequestScanner::Impl::read_prompt_list(Key key, value field, OpenAiRequest& request) {
  simdjson::ondemand::array items;
  if (auto error = field.get(items)) return not_json(error);
  for (auto item : items) {
    value part;
    if (auto error = item.get(part)) return not_json(error);
    json_type type{};
    if (auto error = part.type().get(type)) return not_json(error);
    std::int64_t token = 0;
    if (type == json_type::number && part.get(token) == simdjson::SUCCESS && token >= 0 &&
        token <= std::numeric_limits<TokenId>::max()) {
      if (tokens.size() == kPromptTokensMax) return must_be(key, "at most 16,777,216 tokens");
      tokens.push_back(static_cast<TokenId>(token));
      continue;
    }
    canonical += kMessageMark;
    if (auto error = append_part(part, canonical)) return not_json(error);
  }
  request.prompt = tokens.empty() || !canonical.empty() ? PromptKind::kText : PromptKind::kTokens;
  return {};
}

Status RequestScanner::Impl::read_field(Key key, value field, OpenAiRequest& request) {
  switch (key) {
    case kModel:
      return read_text(key, field, request.model);
    case kStream:
      return read_bool(key, field, request.stream);
    case kUser:
      return read_text(key, field, request.user);
    case kCacheSalt:
      return read_text(key, field, request.cache_salt);
    case kMaxTokens:
    case kMaxCompletionTokens:
      read_limit(field, request.output_tokens_max);
      return {};
    case kPriority:
      read_priority(field, request.priority);
      return {};
    case kMessages:
      return read_messages(field, request);
    case kPrompt:
    case kInput:
      return read_prompt(key, field, request);
    case kTools:
      append_raw(field, tools_);
      return {};
    case kStreamOptions:
      request.has_stream_options = true;
      return {};
    case kOther:
      return {};
  }
  return {};
}

/// Chat templates put the tools before the messages, whatever the order in the body.
void RequestScanner::Impl::put_tools_first() {
  if (!tools_.empty()) canonical.insert(0, tools_);
}

Result<OpenAiRequest> RequestScanner::Impl::scan(std::string& body) {
  fault_field = {};
  canonical.clear();
  text.clear();
  tokens.clear();
  tools_.clear();
  body.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  Reading reading{.body = body, .document = {}};
  reading_ = &reading;
  auto request = read(reading);
  reading_ = nullptr;
  return request;
}

Result<OpenAiRequest> RequestScanner::Impl::read(Reading& reading) {
  OpenAiRequest request;
  object root;
  if (auto error = parser_.iterate(reading.body).get(reading.document)) return not_json(error);
  reading.is_begun = true;
  if (auto error = reading.document.get_object().get(root)) {
    if (error == simdjson::INCORRECT_TYPE) return invalid("the body must be a JSON object");
    return not_json(error);
  }
  std::uint32_t seen = 0;
  for (auto field : root) {
    std::string_view name;
    value content;
    if (auto error = field.unescaped_key().get(name)) return not_json(error);
    const auto key = key_of(name);
    if (auto error = field.value().get(content)) return not_json(error);
    if (key == kOther) continue;
    if ((seen >> key & 1U) != 0) return wrong(key, "is given twice");
    seen |= 1U << key;
    if (auto read = read_field(key, content, request); !read) return tl::unexpected(read.error());
  }
  if (reading.document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return invalid("the body has text behind its JSON object");
  }
  put_tools_first();
  return request;
}

RequestScanner::RequestScanner() : impl_(std::make_unique<Impl>()) {}
RequestScanner::~RequestScanner() = default;

Result<OpenAiRequest> RequestScanner::scan(std::string& body) {
  return impl_->scan(body);
}
std::string_view RequestScanner::fault_field() const {
  return impl_->fault_field;
}
std::string_view RequestScanner::canonical_prompt() const {
  return impl_->canonical;
}
std::string_view RequestScanner::prompt_text() const {
  return impl_->text;
}
TokenSpan RequestScanner::prompt_tokens() const {
  return impl_->tokens;
}

}  // namespace ringmaster
