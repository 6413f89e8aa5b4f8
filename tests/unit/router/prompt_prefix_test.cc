#include "router/prompt_prefix.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

PromptPrefix prefix_of(std::string body, const PromptRules& rules, const PrefixOwner& owner = {}) {
  RequestScanner scanner;
  const auto request = scanner.scan(body).value();
  const auto tokens = encode_prompt(rules, request.prompt, body, scanner.prompt_text());
  return prompt_prefix(rules, request, scanner, tokens, owner);
}

std::string prompt(const std::string& text) {
  return R"({"prompt":")" + text + R"("})";
}

const PromptRules kByBytes{.model = "m", .block_tokens = 16};

TEST(PromptPrefix, CutsBytesIntoBlocksOfEstimatedTokens) {
  const auto prefix = prefix_of(prompt(std::string(200, 'x')), kByBytes);
  EXPECT_EQ(prefix.prompt_tokens, 50U);
  EXPECT_EQ(prefix.chain.size(), 3U);
}

TEST(PromptPrefix, SharesTheChainOfASharedBeginning) {
  const auto shorter = prefix_of(prompt(std::string(128, 'x')), kByBytes).chain;
  const auto longer =
      prefix_of(prompt(std::string(128, 'x') + std::string(64, 'y')), kByBytes).chain;
  ASSERT_EQ(longer.size(), 3U);
  EXPECT_EQ(PrefixChain(longer.begin(), longer.begin() + 2), shorter);
}

TEST(PromptPrefix, DependsOnModelAndSalt) {
  const auto body = prompt(std::string(64, 'x'));
  const auto chain = prefix_of(body, kByBytes).chain;
  EXPECT_NE(prefix_of(body, kByBytes, {.salt = "tenant"}).chain, chain);
  EXPECT_NE(prefix_of(body, {.model = "other", .block_tokens = 16}).chain, chain);
}

TEST(PromptPrefix, DependsOnTheAdapter) {
  const auto body = prompt(std::string(64, 'x'));
  EXPECT_NE(prefix_of(body, kByBytes, {.adapter = "sql"}).chain, prefix_of(body, kByBytes).chain);
}

TEST(PromptPrefix, IsThatOfTheEngineWhereTokensAreKnown) {
  const auto encoding = std::make_shared<PromptEncoding>();
  encoding->completion = [](std::string_view) -> Result<TokenVector> {
    return TokenVector{1, 2, 3, 4, 5};
  };
  const PromptRules rules{.model = "m", .block_tokens = 2, .encoder = encoding};
  const auto prefix = prefix_of(prompt("anything"), rules);
  EXPECT_EQ(prefix.prompt_tokens, 5U);
  const TokenVector tokens{1, 2, 3, 4, 5};
  EXPECT_EQ(prefix.chain,
            chain_tokens(chain_seed({.model = "m", .adapter = {}, .tenant = {}}), tokens, 2));
}

TEST(PromptPrefix, TakesTokenIdsOfTheClientAsTheyAre) {
  const PromptRules rules{.model = "m", .block_tokens = 2};
  EXPECT_EQ(prefix_of(R"({"prompt":[1,2,3,4,5]})", rules).prompt_tokens, 5U);
}

TEST(PromptPrefix, FallsBackToBytesWhereTheEncoderRefuses) {
  const auto encoding = std::make_shared<PromptEncoding>();
  encoding->completion = [](std::string_view) -> Result<TokenVector> { return invalid("no"); };
  const PromptRules rules{.model = "m", .block_tokens = 16, .encoder = encoding};
  EXPECT_EQ(prefix_of(prompt(std::string(64, 'x')), rules).chain,
            prefix_of(prompt(std::string(64, 'x')), kByBytes).chain);
}

TEST(NameHash, IsZeroForNoName) {
  EXPECT_EQ(name_hash(""), 0U);
  EXPECT_NE(name_hash("a"), name_hash("b"));
}

}  // namespace
}  // namespace ringmaster
