#include "sim/workload.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string>
#include <string_view>
#include <unordered_set>

#include "base/check.h"
#include "sim/prompt_tokens.h"

namespace ringmaster::sim {
namespace {

constexpr std::uint32_t kBlockTokensMin = 16;

/// H(previous, id, part), by the same chained hash that the live gateway uses.
BlockHash chain_part(const BlockHash& previous, std::uint64_t id, std::uint32_t part) {
  const std::array<TokenId, 3> words = {static_cast<TokenId>(id & 0xffffffffU),
                                        static_cast<TokenId>(id >> 32U),
                                        static_cast<TokenId>(part)};
  return chain_block(previous, words);
}

BlockHash seed_of(std::string_view model, std::uint64_t adapter) {
  if (adapter == 0) return chain_seed({.model = model});
  return chain_seed({.model = model, .adapter = std::to_string(adapter)});
}

/// Appends the hashes of the first `block_count` blocks.
void append_chain(PrefixChain& chains, const BlockHash& seed, std::span<const std::uint64_t> ids,
                  std::size_t block_count, std::size_t parts) {
  BlockHash hash = seed;
  for (std::size_t block = 0; block < block_count; ++block) {
    hash = chain_part(hash, ids[block / parts], static_cast<std::uint32_t>(block % parts));
    chains.push_back(hash);
  }
}

void append_token_chain(PrefixChain& chains, const BlockHash& seed,
                        std::span<const std::uint64_t> ids, std::size_t block_count,
                        std::uint32_t block_tokens) {
  const auto tokens = static_cast<std::uint32_t>(block_count * block_tokens);
  const PrefixChain chain = chain_tokens(seed, prompt_tokens_of(ids, tokens, 0), block_tokens);
  chains.insert(chains.end(), chain.begin(), chain.end());
}

}  // namespace

Result<Workload> Workload::make(const Trace& trace, const WorkloadOptions& options) {
  if (options.block_tokens < kBlockTokensMin || kTraceBlockTokens % options.block_tokens != 0) {
    return invalid("block tokens: expected a divisor of " + std::to_string(kTraceBlockTokens) +
                   " from " + std::to_string(kBlockTokensMin) + ", found " +
                   std::to_string(options.block_tokens));
  }
  const std::size_t available = trace.records.size() - std::min(options.skip, trace.records.size());
  if (available == 0 || options.requests > available) {
    return invalid("expected at least " +
                   std::to_string(std::max<std::size_t>(options.requests, 1)) +
                   " records after the first " + std::to_string(options.skip) + ", found " +
                   std::to_string(available));
  }
  const std::size_t count = options.requests == 0 ? available : options.requests;
  const std::size_t parts = kTraceBlockTokens / options.block_tokens;

  Workload workload;
  workload.block_tokens_ = options.block_tokens;
  workload.requests_.reserve(count);
  for (const TraceRecord& record : std::span(trace.records).subspan(options.skip, count)) {
    const auto ids = trace.ids_of(record);
    WorkloadRequest request{.timestamp = record.timestamp,
                            .prompt_tokens = record.input_tokens,
                            .output_tokens = std::max(record.output_tokens, 1U),
                            .first_block = workload.chains_.size(),
                            .labels = record.labels};
    if (options.prompt_tokens_max > 0) {
      request.prompt_tokens = std::min(request.prompt_tokens, options.prompt_tokens_max);
    }
    request.block_count =
        std::min<std::size_t>(request.prompt_tokens / options.block_tokens, ids.size() * parts);
    if (options.hash_as.empty()) {
      append_chain(workload.chains_, seed_of("trace", record.labels.adapter), ids,
                   request.block_count, parts);
    } else {
      append_token_chain(workload.chains_, seed_of(options.hash_as, record.labels.adapter), ids,
                         request.block_count, options.block_tokens);
    }
    workload.requests_.push_back(request);
  }
  return workload;
}

std::vector<std::uint32_t> least_uncached_tokens(const Workload& workload) {
  std::unordered_set<BlockHash, BlockHashHasher> cached;
  std::vector<std::uint32_t> tokens;
  tokens.reserve(workload.requests().size());
  for (const WorkloadRequest& request : workload.requests()) {
    // Whatever was seen has its whole prefix seen: the first new block ends the cached prefix.
    std::uint32_t cached_tokens = 0;
    for (const BlockHash& hash : workload.chain_of(request)) {
      if (!cached.insert(hash).second) cached_tokens += workload.block_tokens();
    }
    tokens.push_back(std::max(1U, request.prompt_tokens - cached_tokens));
  }
  return tokens;
}

std::uint64_t uncached_tokens_at_best(const Workload& workload, std::size_t first) {
  RINGMASTER_CHECK(first <= workload.requests().size());
  const auto tokens = least_uncached_tokens(workload);
  return std::accumulate(tokens.begin() + static_cast<std::ptrdiff_t>(first), tokens.end(),
                         std::uint64_t{0});
}

}  // namespace ringmaster::sim
