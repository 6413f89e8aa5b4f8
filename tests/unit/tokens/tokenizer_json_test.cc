// What a tokenizer.json may hold, and what is said of one that cannot be used.

#include <algorithm>

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include "tests/unit/tokens/fixture.h"
#include "tokens/tokenizer.h"

namespace ringmaster {
namespace {

namespace json = boost::json;

class TokenizerJson : public testing::Test {
 protected:
  Result<std::shared_ptr<const Tokenizer>> load() const {
    return Tokenizer::from_json(json::serialize(file_), "t.json");
  }
  std::string error() const {
    const auto tokenizer = load();
    return tokenizer ? "" : tokenizer.error().message;
  }
  json::value& at(std::string_view pointer) { return file_.at_pointer(pointer); }
  json::object& object_at(std::string_view pointer) { return at(pointer).as_object(); }

  /// Adds a token with these flags to the first tokenizer that has none of its content.
  void add_token(std::string_view content, json::object flags) {
    flags["content"] = content;
    flags["id"] = 700;
    flags.emplace("special", true);
    at("/added_tokens").as_array().push_back(flags);
  }

  json::value file_ = json::parse(read_fixture("qwen2_tokenizer.json"));
};

TEST_F(TokenizerJson, RefusesOtherModels) {
  object_at("/model")["type"] = "Unigram";
  EXPECT_EQ(error(), "t.json: model.type: must be \"BPE\", is \"Unigram\"");
}

TEST_F(TokenizerJson, RefusesByteFallback) {
  object_at("/model")["byte_fallback"] = true;
  EXPECT_EQ(error(),
            "t.json: model: must have byte_fallback false: only byte-level vocabularies are "
            "supported");
}

TEST_F(TokenizerJson, RefusesWordAffixesAndDropout) {
  object_at("/model")["end_of_word_suffix"] = "</w>";
  EXPECT_EQ(error(), "t.json: model.end_of_word_suffix: must be null or empty");
  object_at("/model")["end_of_word_suffix"] = nullptr;
  object_at("/model")["dropout"] = 0.1;
  EXPECT_EQ(error(), "t.json: model.dropout: must be null: equal texts must give equal tokens");
}

TEST_F(TokenizerJson, NamesTheMergeThatIsWrong) {
  at("/model/merges").as_array()[3] = "abc";
  EXPECT_EQ(error(), "t.json: model.merges[3]: must be \"left right\" or [\"left\", \"right\"]");
  at("/model/merges").as_array()[3] = json::array{"q", "zz"};
  EXPECT_EQ(error(),
            "t.json: model.merges[3]: must join tokens of the vocabulary to one of them: it has no "
            "\"zz\"");
}

TEST_F(TokenizerJson, NamesTheEntryOfTheVocabularyThatIsWrong) {
  object_at("/model/vocab")["new"] = 3;
  EXPECT_EQ(error(), "t.json: model.vocab.new: must be a token and an id that occur only once");
  object_at("/model/vocab")["new"] = -1;
  EXPECT_EQ(error(), "t.json: model.vocab.new: must be an integer in [0, 4194303]");
}

TEST_F(TokenizerJson, NeedsATokenForEachByte) {
  object_at("/model/vocab").erase("\u0120");
  object_at("/model")["merges"] = json::array{};
  EXPECT_EQ(error(),
            "t.json: model.vocab: must have a token for each single byte: there is none for byte "
            "32, \"\u0120\"");
}

TEST_F(TokenizerJson, RefusesStepsThatItDoesNotKnow) {
  object_at("/normalizer")["type"] = "Lowercase";
  EXPECT_EQ(error(),
            "t.json: normalizer: must be null, NFC, NFD, NFKC, NFKD or a Sequence of these, is of "
            "type \"Lowercase\"");
  file_.as_object()["normalizer"] = nullptr;
  object_at("/pre_tokenizer/pretokenizers/0")["type"] = "Metaspace";
  EXPECT_EQ(
      error(),
      "t.json: pre_tokenizer.pretokenizers[0]: must be Split, Digits, ByteLevel or a Sequence "
      "of these, is of type \"Metaspace\"");
}

TEST_F(TokenizerJson, RefusesAPatternThatDoesNotCompile) {
  object_at("/pre_tokenizer/pretokenizers/0/pattern")["Regex"] = "(";
  EXPECT_EQ(error(),
            "t.json: pre_tokenizer.pretokenizers[0].pattern.Regex: must be a regular expression "
            "that ICU can compile, which says U_REGEX_MISMATCHED_PAREN at character 1");
}

TEST_F(TokenizerJson, RefusesOtherBehaviours) {
  object_at("/pre_tokenizer/pretokenizers/0")["behavior"] = "MergedWithNext";
  EXPECT_EQ(error(),
            "t.json: pre_tokenizer.pretokenizers[0].behavior: must be \"Isolated\", or \"Removed\" "
            "with invert, is \"MergedWithNext\"");
}

TEST_F(TokenizerJson, RefusesAddedTokensThatCollide) {
  add_token("<|im_end|>", {});
  EXPECT_EQ(error(), "t.json: added_tokens[9]: must have an id and a content that occur only once");
}

TEST_F(TokenizerJson, RefusesAnAddedTokenWithAnothersId) {
  add_token("<new>", {});
  at("/added_tokens").as_array().back().as_object()["id"] = 0;
  EXPECT_EQ(error(),
            "t.json: added_tokens[9]: must have the id that its content has in model.vocab, and no "
            "other's");
}

TEST_F(TokenizerJson, RefusesWhatIsNotJson) {
  EXPECT_TRUE(Tokenizer::from_json("{\"model\":", "t.json")
                  .error()
                  .message.starts_with("t.json: must be JSON: "));
  EXPECT_TRUE(Tokenizer::from_json("", "t.json").error().message.starts_with("t.json: "));
}

TEST_F(TokenizerJson, ReadsMergesAsPairs) {
  const auto before = (*load())->encode("the capital of France");
  for (json::value& merge : at("/model/merges").as_array()) {
    const std::string text = json::value_to<std::string>(merge);
    const std::size_t space = text.find(' ');
    merge = json::array{text.substr(0, space), text.substr(space + 1)};
  }
  EXPECT_EQ((*load())->encode("the capital of France"), before);
}

TEST_F(TokenizerJson, SplitsByAnyPattern) {
  const auto scanner = (*load())->encode("It's 12 apples, okay?\n");
  json::value& pattern = object_at("/pre_tokenizer/pretokenizers/0/pattern")["Regex"];
  pattern = "(?:" + json::value_to<std::string>(pattern) + ")";  // The same, but not recognised.
  EXPECT_EQ((*load())->encode("It's 12 apples, okay?\n"), scanner);
}

TEST_F(TokenizerJson, SplitsByALiteral) {
  object_at("/pre_tokenizer/pretokenizers/0")["pattern"] = json::object{{"String", "a.b"}};
  const auto tokenizer = load();
  EXPECT_EQ((*tokenizer)->decode((*tokenizer)->encode("the a.b the")), "the a.b the");
}

TEST_F(TokenizerJson, StripsWhiteSpaceWhereATokenAsksForIt) {
  add_token("<pad>", {{"lstrip", true}, {"rstrip", true}});
  const auto tokenizer = load();
  EXPECT_EQ((*tokenizer)->encode("a  <pad>\n\tb", {.parse_special = true}),
            (*tokenizer)->encode("a<pad>b", {.parse_special = true}));
}

TEST_F(TokenizerJson, ReadsASingleWordOnlyBetweenOtherCharacters) {
  add_token("word", {{"single_word", true}});
  const auto tokenizer = load();
  const auto count = [&](std::string_view text) {
    const auto tokens = (*tokenizer)->encode(text, {.parse_special = true});
    return std::count(tokens.begin(), tokens.end(), 700);
  };
  EXPECT_EQ(count("word"), 1);
  EXPECT_EQ(count("a word, word."), 2);
  EXPECT_EQ(count("words sword _word word1 word\u00E9"), 0);
}

TEST_F(TokenizerJson, LooksForNormalizedTokensInTheNormalizedText) {
  add_token("caf\u00E9", {{"normalized", true}, {"special", false}});
  const auto tokenizer = load();
  EXPECT_EQ((*tokenizer)->encode("caf\u0065\u0301"), TokenVector{700});
}

TEST_F(TokenizerJson, TakesTheLongestAddedToken) {
  add_token("<|im_end|><|im_end|>", {});
  const auto tokenizer = load();
  EXPECT_EQ((*tokenizer)->encode("<|im_end|><|im_end|>", {.parse_special = true}),
            TokenVector{700});
}

TEST_F(TokenizerJson, RefusesAPostProcessorThatAddsUnknownTokens) {
  file_.as_object()["post_processor"] = json::parse(R"({"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}],
      "special_tokens": {"x": {"ids": [9999]}}})");
  EXPECT_EQ(error(), "t.json: post_processor: must add tokens that exist: there is no token 9999");
}

}  // namespace
}  // namespace ringmaster
