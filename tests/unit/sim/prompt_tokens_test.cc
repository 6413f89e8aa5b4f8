#include "sim/prompt_tokens.h"

#include <algorithm>
#include <vector>

#include <gtest/gtest.h>

#include "sim/workload.h"

namespace ringmaster::sim {
namespace {

using Ids = std::vector<std::uint64_t>;

TokenVector part(const TokenVector& tokens, std::size_t begin, std::size_t end) {
  return {tokens.begin() + static_cast<std::ptrdiff_t>(begin),
          tokens.begin() + static_cast<std::ptrdiff_t>(end)};
}

TEST(PromptTokens, AreEqualWhereTheIdsAre) {
  const TokenVector a = prompt_tokens_of(Ids{1, 2}, 1024, 1);
  const TokenVector b = prompt_tokens_of(Ids{1, 3}, 1024, 2);
  EXPECT_EQ(part(a, 0, 512), part(b, 0, 512));
  EXPECT_NE(part(a, 512, 528), part(b, 512, 528));
}

TEST(PromptTokens, OfALastPartialIdAreItsFirstOnes) {
  const TokenVector whole = prompt_tokens_of(Ids{7}, 512, 1);
  EXPECT_EQ(prompt_tokens_of(Ids{7}, 100, 2), part(whole, 0, 100));
}

TEST(PromptTokens, BelongToTheRequestWhereItHasNoIds) {
  const TokenVector a = prompt_tokens_of(Ids{7}, 600, 1);
  const TokenVector b = prompt_tokens_of(Ids{7}, 600, 2);
  EXPECT_EQ(a.size(), 600U);
  EXPECT_NE(part(a, 512, 528), part(b, 512, 528));
}

TEST(PromptTokens, FitEveryByteLevelTokenizer) {
  for (const TokenId token : prompt_tokens_of(Ids{1, 2, 3}, 2000, 1)) {
    EXPECT_GE(token, 0);
    EXPECT_LT(token, kPromptVocabulary);
  }
}

TEST(Workload, HashesTokensAsAGatewayOfThatModelDoes) {
  Trace trace;
  trace.hash_ids = {5, 6};
  trace.records.push_back({.input_tokens = 700, .output_tokens = 1, .first_id = 0, .id_count = 2});
  const auto workload = Workload::make(trace, {.block_tokens = 16, .hash_as = "m"}).value();
  const auto chain = workload.chain_of(workload.requests()[0]);
  const PrefixChain expected =
      chain_tokens(chain_seed({.model = "m"}), prompt_tokens_of(Ids{5, 6}, 700, 0), 16);
  EXPECT_TRUE(std::ranges::equal(chain, expected));
}

}  // namespace
}  // namespace ringmaster::sim
