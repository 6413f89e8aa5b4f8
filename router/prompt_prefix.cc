#include "router/prompt_prefix.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "tokens/byte_estimator.h"

namespace ringmaster {
namespace {

std::uint32_t clamp_count(std::uint64_t count) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
}

PromptPrefix from_tokens(const PromptRules& rules, const BlockHash& seed, TokenSpan tokens) {
  return {.chain = chain_tokens(seed, tokens, rules.block_tokens),
          .prompt_tokens = clamp_count(tokens.size())};
}

PromptPrefix from_bytes(const PromptRules& rules, const BlockHash& seed, std::string_view bytes) {
  const auto block_bytes = clamp_count(kBytesPerToken * rules.block_tokens);
  return {.chain = chain_bytes(seed, bytes, block_bytes),
          .prompt_tokens = clamp_count(estimate_tokens(bytes.size()))};
}

}  // namespace

std::optional<TokenVector> encode_prompt(const PromptRules& rules, PromptKind kind,
                                         std::string_view body, std::string_view text) {
  if (!rules.encoder) return std::nullopt;
  const bool is_chat = kind == PromptKind::kMessages;
  if (!is_chat && text.empty()) return std::nullopt;
  auto tokens = is_chat ? rules.encoder->chat(body) : rules.encoder->completion(text);
  if (!tokens) return std::nullopt;
  return std::move(*tokens);
}

PromptPrefix prompt_prefix(const PromptRules& rules, const OpenAiRequest& request,
                           const RequestScanner& scanner, const std::optional<TokenVector>& tokens,
                           const PrefixOwner& owner) {
  const auto seed =
      chain_seed({.model = rules.model, .adapter = owner.adapter, .tenant = owner.salt});
  if (tokens) return from_tokens(rules, seed, *tokens);
  if (request.prompt == PromptKind::kTokens) {
    return from_tokens(rules, seed, scanner.prompt_tokens());
  }
  return from_bytes(rules, seed, scanner.canonical_prompt());
}

std::uint64_t name_hash(std::string_view name) {
  if (name.empty()) return 0;
  return chain_bytes(BlockHash{}, name, static_cast<std::uint32_t>(name.size())).front().low;
}

}  // namespace ringmaster
