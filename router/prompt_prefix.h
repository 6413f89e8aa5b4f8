#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "router/openai_request.h"
#include "tokens/block_hash.h"
#include "tokens/token.h"

namespace ringmaster {

/// Makes tokens of prompts as a model's engines do. Immutable; any thread may call.
struct PromptEncoding {
  std::function<Result<TokenVector>(std::string_view body_json)> chat;
  std::function<Result<TokenVector>(std::string_view prompt_text)> completion;
};

/// How the prompts of one model are cut into blocks.
struct PromptRules {
  std::string model;
  std::uint32_t block_tokens = 16;                ///< As in the engines.
  std::shared_ptr<const PromptEncoding> encoder;  ///< Null: no tokenizer is configured.
};

/// What scheduling needs to know of a prompt.
struct PromptPrefix {
  PrefixChain chain;
  std::uint32_t prompt_tokens = 0;  ///< Exact with a tokenizer, else estimated from its bytes.
};

/// Tokens a block stands for where nothing is said of the model: coarser than an engine's blocks,
/// since estimated tokens are worth no more, and a quarter of the work for the prefix index.
inline constexpr std::uint32_t kByteBlockTokens = 64;

/// The tokens of a prompt, where the model has an encoder and it takes the prompt. `text` is
/// RequestScanner::prompt_text(). Takes milliseconds for a long prompt.
[[nodiscard]] std::optional<TokenVector> encode_prompt(const PromptRules& rules, PromptKind kind,
                                                       std::string_view body,
                                                       std::string_view text);

/// What keeps equal prompts from sharing a chain (see ChainSalt).
struct PrefixOwner {
  std::string_view adapter;  ///< Empty: the model itself.
  std::string_view salt;     ///< Of the tenant, and of the request.
};

/// Chains the prompt of the scanner's last request for its owner. Falls back
/// to bytes where the encoder refuses the prompt: the engine will say what is wrong with it.
/// `tokens`: of encode_prompt().
[[nodiscard]] PromptPrefix prompt_prefix(const PromptRules& rules, const OpenAiRequest& request,
                                         const RequestScanner& scanner,
                                         const std::optional<TokenVector>& tokens,
                                         const PrefixOwner& owner);

/// 64 bits that name a session or tenant; 0 for an empty name.
[[nodiscard]] std::uint64_t name_hash(std::string_view name);

}  // namespace ringmaster
