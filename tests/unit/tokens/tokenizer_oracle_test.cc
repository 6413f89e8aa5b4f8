// The tokens of hard texts against those of an independent implementation (tests/oracle).

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "tests/unit/tokens/fixture.h"
#include "tokens/tokenizer.h"

namespace ringmaster {
namespace {

class TokenizerOracle : public testing::TestWithParam<std::string> {};

TEST_P(TokenizerOracle, TokensAndTextAreThoseOfTheReference) {
  const auto tokenizer = fixture_tokenizer(GetParam());
  std::size_t checked = 0;
  const boost::json::value cases = boost::json::parse(read_fixture("token_cases.json"));
  for (const auto& entry : cases.as_array()) {
    if (entry.at("tokenizer").as_string() != GetParam()) continue;
    const auto text = boost::json::value_to<std::string>(entry.at("text"));
    const auto expected = boost::json::value_to<TokenVector>(entry.at("ids"));
    const auto tokens =
        tokenizer->encode(text, {.add_special_tokens = true, .parse_special = true});
    EXPECT_EQ(tokens, expected) << entry.at("about") << ": " << entry.at("text");
    EXPECT_EQ(tokenizer->decode(tokens, false), entry.at("decoded").as_string())
        << entry.at("about");
    ++checked;
  }
  EXPECT_GE(checked, 190U);
}

INSTANTIATE_TEST_SUITE_P(Fixtures, TokenizerOracle, testing::Values("llama3", "qwen2", "gpt2"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace ringmaster
