#include "policies/score_terms.h"

#include <numeric>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "policies/reason_text.h"
#include "tests/unit/policies/policy_fixture.h"

namespace ringmaster {
namespace {

/// A fleet in which no two instances are alike, so that a wrong part of a score shows.
class PolicyTerms : public PolicyFixture {
 protected:
  PolicyTerms() {
    for (std::uint32_t slot = 0; slot < kInstances; ++slot) {
      load(slot).hold(100 + 10 * slot);
      load(slot).begin_prefill(200 + 30 * slot);
      for (std::uint32_t i = 0; i <= slot; ++i) load(slot).begin_decode(3 + slot);
    }
    cache(1, 4);
    cache(2, 7);
    request_.session = 9;
    key_ = 5;
  }

  /// What the policy says of each candidate it scored, beside the score.
  struct Described {
    ScoredCandidate candidate;
    ScoreTerms terms;
  };
  std::vector<Described> describe_all() {
    RoutingDecision decision = choose();
    std::vector<Described> all;
    for (ScoredCandidate candidate : decision.scored()) {
      candidate.cached_tokens = fleet_.cached_tokens(request_, candidate.instance);
      all.push_back({.candidate = candidate});
      policy_->describe(query({{1}, {2}}), fleet_, candidate, all.back().terms);
    }
    return all;
  }

  static double value(const ScoreTerms& terms, std::string_view name) {
    for (const ScoreTerm& term : terms.terms()) {
      if (term.name == name) return term.value;
    }
    ADD_FAILURE() << "no term " << name;
    return 0.0;
  }

  static double sum(const ScoreTerms& terms) {
    const auto all = terms.terms();
    return std::accumulate(all.begin(), all.end(), 0.0,
                           [](double total, const ScoreTerm& term) { return total + term.value; });
  }
};

TEST_F(PolicyTerms, AddUpToTheScoreWhereTheFormulaIsASum) {
  for (const char* name : {"ringmaster",
                           "ringmaster:escapes=0",
                           "min_ttft",
                           "mooncake",
                           "smetric",
                           "least_work_left",
                           "least_loaded",
                           "least_loaded:load=pending_tokens",
                           "power_of_two",
                           "session_affinity",
                           "aibrix_prefix",
                           "dynamo",
                           "dynamo:credit_decay=2,request_weight=3",
                           "sglang_cache_aware",
                           "sticky_until_saturated",
                           "sticky_until_saturated:form=projected",
                           "ttl_pin",
                           "workflow",
                           "pool_by_length",
                           "lora_affinity"}) {
    make(name);
    const auto all = describe_all();
    ASSERT_FALSE(all.empty()) << name;
    for (const auto& [candidate, terms] : all) {
      EXPECT_FALSE(terms.formula().empty()) << name;
      EXPECT_NEAR(sum(terms), candidate.score, 1e-9) << name << " " << candidate.instance.value;
    }
  }
}

TEST_F(PolicyTerms, OfDualMapShowTheLimitBesideTheParts) {
  make("dualmap:threshold=0.5");
  for (const auto& [candidate, terms] : describe_all()) {
    EXPECT_DOUBLE_EQ(value(terms, "limit"), 2.5);
    EXPECT_NEAR(sum(terms) - 2.5, candidate.score, 1e-9);
  }
}

TEST_F(PolicyTerms, OfLMetricMultiplyToTheScore) {
  make("lmetric");
  for (const auto& [candidate, terms] : describe_all()) {
    EXPECT_NEAR((value(terms, "pending") + value(terms, "uncached")) * value(terms, "batch"),
                candidate.score, 1e-9);
  }
}

TEST_F(PolicyTerms, OfLlumnixGiveTheNegativeFreeness) {
  make("llumnix");
  for (const auto& [candidate, terms] : describe_all()) {
    EXPECT_NEAR((value(terms, "used") + value(terms, "head") - value(terms, "capacity")) /
                    value(terms, "batch"),
                candidate.score, 1e-9);
  }
}

TEST_F(PolicyTerms, OfLlmDAreThePointsOfEachScorerInUse) {
  make("llm_d:profile=optimized");
  for (const auto& [candidate, terms] : describe_all()) {
    EXPECT_EQ(terms.terms().size(), 4U);
    EXPECT_NEAR(sum(terms), -candidate.score, 1e-9);
  }
}

TEST_F(PolicyTerms, OfChwblShowTheBoundThatTheLoadIsHeldAgainst) {
  make("chwbl");
  for (const auto& [candidate, terms] : describe_all()) {
    EXPECT_DOUBLE_EQ(value(terms, "requests"), candidate.score);
    EXPECT_DOUBLE_EQ(value(terms, "bound"), 6.0);  // ceil(1.25 * (18 + 1) / 4)
  }
}

TEST_F(PolicyTerms, AreNoneWhereThePolicyDoesNotScore) {
  make("round_robin");
  for (const auto& [candidate, terms] : describe_all()) {
    EXPECT_TRUE(terms.formula().empty());
    EXPECT_TRUE(terms.terms().empty());
  }
}

TEST_F(PolicyTerms, LeaveTheNextChoiceAsItWas) {
  for (const std::string_view name : policy_names()) {
    make(std::string(name));
    std::vector<std::uint32_t> plain;
    for (int i = 0; i < 20; ++i) plain.push_back(chosen());
    make(std::string(name));
    std::vector<std::uint32_t> described;
    for (int i = 0; i < 20; ++i) {
      RoutingDecision decision = choose();
      described.push_back(decision.instance.value);
      for (const ScoredCandidate& candidate : decision.scored()) {
        ScoreTerms terms;
        policy_->describe(query({{1}, {2}}), fleet_, candidate, terms);
      }
    }
    EXPECT_EQ(described, plain) << name;
  }
}

TEST(ScoreTerms, KeepAsManyPartsAsTheyHaveRoomFor) {
  ScoreTerms terms;
  for (int i = 0; i < 20; ++i) terms.add("part", i);
  EXPECT_EQ(terms.terms().size(), ScoreTerms::kTermsMax);
}

TEST(ReasonSentence, IsThereForEveryReasonAndForNothingElse) {
  EXPECT_EQ(reason_sentence("next_in_turn"), "Its turn.");
  EXPECT_EQ(reason_sentence("all_late_session_cache").substr(0, 14), "Every instance");
  EXPECT_EQ(reason_sentence("warm_saturated").substr(0, 8), "The warm");
  EXPECT_EQ(reason_sentence("warmer"), "");
  EXPECT_EQ(reason_sentence(""), "");
}

}  // namespace
}  // namespace ringmaster
