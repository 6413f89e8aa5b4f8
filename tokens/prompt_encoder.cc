#include "tokens/prompt_encoder.h"

#include <utility>

#include "tokens/json_place.h"

namespace ringmaster {
namespace {

using Templates = std::map<std::string, std::string, std::less<>>;
using SpecialTokens = std::map<std::string, std::string, std::less<>>;

constexpr std::string_view kDefault = "default";
/// The template that goes before "default" where a request has tools.
constexpr std::string_view kWithTools = "tool_use";

/// "text" or {"content": "text"}.
void read_special_token(const JsonPlace& root, std::string_view name, SpecialTokens& tokens) {
  const auto place = root.find(name);
  if (!place) return;
  const auto content = place->is_object() ? place->need("content") : place;
  if (content) tokens.emplace(name, content->string());
}

/// "source", or [{"name": ..., "template": "source"}, ...].
void read_templates(const JsonPlace& root, Templates& templates) {
  const auto place = root.find("chat_template");
  if (!place) return;
  if (!place->is_array()) {
    templates.emplace(kDefault, place->string());
    return;
  }
  place->each([&](const JsonPlace& entry) {
    const auto name = entry.need("name");
    const auto source = entry.need("template");
    if (name && source) templates.emplace(name->string(), source->string());
  });
}

std::string path_of(const PromptEncoderFiles& files, std::string_view name) {
  std::string path(files.folder);
  if (!path.empty() && !path.ends_with('/')) path += '/';
  return path += name;
}

}  // namespace

Result<std::shared_ptr<const PromptEncoder>> PromptEncoder::create(const PromptEncoderFiles& files,
                                                                   Today today) {
  std::shared_ptr<PromptEncoder> encoder(new PromptEncoder());
  encoder->today_ = std::move(today);
  auto tokenizer = Tokenizer::from_json(files.tokenizer_json, path_of(files, "tokenizer.json"));
  if (!tokenizer) return tl::unexpected(std::move(tokenizer).error());
  encoder->tokenizer_ = std::move(*tokenizer);

  Templates sources;
  std::string config_name = path_of(files, "tokenizer_config.json");
  if (!files.tokenizer_config_json.empty()) {
    JsonFault fault(config_name);
    simdjson::dom::parser parser;
    const auto root = parse_json(parser, files.tokenizer_config_json, fault);
    if (root && !root->is_object()) root->must_be("an object");
    if (fault) return fault.error();
    for (const std::string_view name : {"bos_token", "eos_token", "unk_token", "pad_token"}) {
      read_special_token(*root, name, encoder->special_tokens_);
    }
    read_templates(*root, sources);
    if (fault) return fault.error();
  }
  if (!files.chat_template_jinja.empty()) {
    sources.clear();
    sources.emplace(kDefault, files.chat_template_jinja);
    config_name = path_of(files, "chat_template.jinja");
  } else {
    config_name += " chat_template";
  }
  for (const auto& [name, source] : sources) {
    auto parsed = ChatTemplate::parse(
        source, name == kDefault ? config_name : config_name + " \"" + name + '"');
    if (!parsed) return tl::unexpected(std::move(parsed).error());
    encoder->templates_.emplace(name, std::move(*parsed));
  }
  return encoder;
}

Result<MarkedText> PromptEncoder::render_chat(std::string_view body_json) const {
  auto request = read_chat_request(body_json);
  if (!request) return tl::unexpected(std::move(request).error());
  return render(std::move(*request));
}

Result<MarkedText> PromptEncoder::render(ChatRequest request) const {
  auto chosen = request.has_tools ? templates_.find(kWithTools) : templates_.end();
  if (chosen == templates_.end()) chosen = templates_.find(kDefault);
  if (chosen == templates_.end()) {
    return invalid("messages: this model has no chat template, so it must be asked by a prompt");
  }
  for (const auto& [name, content] : special_tokens_) {
    request.variables.set(MarkedText::trusted(name), jinja::Value::trusted(content));
  }
  const auto now = today_ ? std::optional(today_()) : std::nullopt;
  return chosen->second.render(std::move(request.variables), now);
}

Result<TokenVector> PromptEncoder::encode_chat(std::string_view body_json) const {
  const auto text = render_chat(body_json);
  if (!text) return tl::unexpected(text.error());
  return tokenizer_->encode(*text);
}

Result<TokenVector> PromptEncoder::encode_chat(ChatRequest request) const {
  const auto text = render(std::move(request));
  if (!text) return tl::unexpected(text.error());
  return tokenizer_->encode(*text);
}

Result<TokenVector> PromptEncoder::encode_completion(std::string_view prompt_text) const {
  return tokenizer_->encode(prompt_text, {.add_special_tokens = true, .parse_special = true});
}

std::optional<TokenId> PromptEncoder::end_token() const {
  const auto found = special_tokens_.find("eos_token");
  return found == special_tokens_.end() ? std::nullopt : tokenizer_->token_id(found->second);
}

}  // namespace ringmaster
