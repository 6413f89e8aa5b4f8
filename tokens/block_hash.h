#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tokens/token.h"

namespace ringmaster {

/// Names a whole prefix: the hash of its last block chained with that of the block before it.
///
/// 128 bits of XXH3, so accidental collisions do not matter (1.5e-21 at 1e9 blocks); it is not
/// resistant to an adversary, hence the salt.
struct BlockHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  auto operator<=>(const BlockHash&) const = default;
};

/// For hash tables: the low half is already well mixed.
struct BlockHashHasher {
  std::size_t operator()(const BlockHash& hash) const { return static_cast<std::size_t>(hash.low); }
};

/// One hash for each full block of a prompt, in order; element j names blocks 0..j.
using PrefixChain = std::vector<BlockHash>;

/// What must be equal for two prompts to share a prefix at all.
struct ChainSalt {
  std::string_view model;
  std::string_view adapter;  ///< LoRA adapter; empty for the base model.
  std::string_view tenant;   ///< Or the request's `cache_salt`; empty: shared by all.
};

/// The hash before the first block. The engine and the gateway use the same one, so that the
/// engine's KV events speak of the gateway's chains.
[[nodiscard]] BlockHash chain_seed(const ChainSalt& salt);

/// XXH3-128 over (previous hash, token ids as little-endian 32-bit integers).
[[nodiscard]] BlockHash chain_block(const BlockHash& previous, TokenSpan block);

/// Hashes of the floor(tokens / block_tokens) full blocks. Requires: block_tokens > 0.
[[nodiscard]] PrefixChain chain_tokens(const BlockHash& seed, TokenSpan tokens,
                                       std::uint32_t block_tokens);

/// The same over bytes, for prompts whose tokenizer is not known: a block is `block_bytes` bytes.
/// Requires: block_bytes > 0.
[[nodiscard]] PrefixChain chain_bytes(const BlockHash& seed, std::string_view bytes,
                                      std::uint32_t block_bytes);

}  // namespace ringmaster
