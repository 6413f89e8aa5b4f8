#include "tokens/block_hash.h"

#include <array>
#include <bit>
#include <cstring>

#define XXH_INLINE_ALL  // A block is hashed in some ten nanoseconds; a call would show.
#include <xxhash.h>

#include "base/check.h"

namespace ringmaster {
namespace {

static_assert(std::endian::native == std::endian::little,
              "hashes are defined over little-endian bytes; other machines must swap");

/// Blocks up to this size are hashed from the stack in one call.
constexpr std::size_t kFlatBytesMax = 1024;

BlockHash from_xxh(XXH128_hash_t hash) {
  return {.low = hash.low64, .high = hash.high64};
}

BlockHash chain_long(const BlockHash& previous, const void* data, std::size_t size) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  const std::array<std::uint64_t, 2> head{previous.low, previous.high};
  XXH3_128bits_update(&state, head.data(), sizeof head);
  XXH3_128bits_update(&state, data, size);
  return from_xxh(XXH3_128bits_digest(&state));
}

inline BlockHash chain_data(const BlockHash& previous, const void* data, std::size_t size) {
  if (size > kFlatBytesMax) return chain_long(previous, data, size);
  alignas(64) std::array<char, sizeof(BlockHash) + kFlatBytesMax> flat;
  std::memcpy(flat.data(), &previous.low, sizeof previous.low);
  std::memcpy(flat.data() + sizeof previous.low, &previous.high, sizeof previous.high);
  if (size > 0) std::memcpy(flat.data() + sizeof(BlockHash), data, size);
  return from_xxh(XXH3_128bits(flat.data(), sizeof(BlockHash) + size));
}

template <class Unit>
PrefixChain chain_units(const BlockHash& seed, const Unit* units, std::size_t count,
                        std::size_t block_units) {
  const std::size_t blocks = count / block_units;
  PrefixChain chain(blocks);
  BlockHash hash = seed;
  for (std::size_t block = 0; block < blocks; ++block) {
    hash = chain_data(hash, units + block * block_units, block_units * sizeof(Unit));
    chain[block] = hash;
  }
  return chain;
}

}  // namespace

BlockHash chain_seed(const ChainSalt& salt) {
  BlockHash hash;
  // Each field is a link of its own, with its length, so that no two salts read alike.
  for (const std::string_view field : {salt.model, salt.adapter, salt.tenant}) {
    hash.low ^= field.size();
    hash = chain_data(hash, field.data(), field.size());
  }
  return hash;
}

BlockHash chain_block(const BlockHash& previous, TokenSpan block) {
  return chain_data(previous, block.data(), block.size_bytes());
}

PrefixChain chain_tokens(const BlockHash& seed, TokenSpan tokens, std::uint32_t block_tokens) {
  RINGMASTER_CHECK(block_tokens > 0);
  return chain_units(seed, tokens.data(), tokens.size(), block_tokens);
}

PrefixChain chain_bytes(const BlockHash& seed, std::string_view bytes, std::uint32_t block_bytes) {
  RINGMASTER_CHECK(block_bytes > 0);
  return chain_units(seed, bytes.data(), bytes.size(), block_bytes);
}

}  // namespace ringmaster
