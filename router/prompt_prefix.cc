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

std::optional<TokenVector> encode(const PromptEncoding& encoder, const OpenAiRequest& request,
                                  const RequestScanner& scanner, std::string_view body) {
  const bool is_chat = request.prompt == PromptKind::kMessages;
  if (!is_chat && scanner.prompt_text().empty()) return std::nullopt;
  auto tokens = is_chat ? encoder.chat(body) : encoder.completion(scanner.prompt_text());
  if (!tokens) return std::nullopt;
  return std::move(*tokens);
}

}  // namespace

PromptPrefix prompt_prefix(const PromptRules& rules, const OpenAiRequest& request,
                           const RequestScanner& scanner, std::string_view body,
                           std::string_view salt) {
  const auto seed = chain_seed({.model = rules.model, .adapter = {}, .tenant = salt});
  if (request.prompt == PromptKind::kTokens)
    return from_tokens(rules, seed, scanner.prompt_tokens());
  if (rules.encoder) {
    if (const auto tokens = encode(*rules.encoder, request, scanner, body)) {
      return from_tokens(rules, seed, *tokens);
    }
  }
  return from_bytes(rules, seed, scanner.canonical_prompt());
}

std::uint64_t name_hash(std::string_view name) {
  if (name.empty()) return 0;
  return chain_bytes(BlockHash{}, name, static_cast<std::uint32_t>(name.size())).front().low;
}

}  // namespace ringmaster
