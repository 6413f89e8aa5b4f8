#include "scheduler/mirror_correction.h"

#include <gtest/gtest.h>

#include "tests/unit/scheduler/scheduler_driver.h"

namespace ringmaster {
namespace {

using Driver = SchedulerDriver;

const RequestSpec kThousandTokens = Driver::request(1, 1000);  // Ten blocks of 100.

TEST(ContradictingBlocks, AreThoseTheInstanceHadWhereItHadFewer) {
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 8, {.cached_tokens = 399}), 3U);
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 8, {.cached_tokens = 0}), 0U);
}

TEST(ContradictingBlocks, AreNoneWhereItHadAsManyOrMore) {
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 8, {.cached_tokens = 800}), std::nullopt);
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 8, {.cached_tokens = 1000}), std::nullopt);
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 0, {.cached_tokens = 0}), std::nullopt);
}

TEST(ContradictingBlocks, AreNoneForOneBlockLess) {
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 10, {.cached_tokens = 900}), std::nullopt);
  EXPECT_EQ(contradicting_blocks(kThousandTokens, 10, {.cached_tokens = 899}), 8U);
}

TEST(ContradictingBlocks, AreCountedInTheUnitOfThePrompt) {
  // Eight blocks of ours are 640 of its 800 tokens; one block and an eighth are allowed.
  const auto blocks = [](std::uint32_t cached) {
    return contradicting_blocks(kThousandTokens, 8,
                                {.cached_tokens = cached, .prompt_tokens = 800});
  };
  EXPECT_EQ(blocks(640), std::nullopt);
  EXPECT_EQ(blocks(480), std::nullopt);
  EXPECT_EQ(blocks(400), 5U);
}

/// One instance by mirror; the first request leaves ten blocks there.
struct MirrorCorrection : ::testing::Test {
  MirrorCorrection() : driver(Driver::policy("min_ttft"), 1) {
    driver.arrive(Driver::request(1, 1000, 7));
    driver.first_token(1);
    driver.finish(1);
  }

  /// The same prompt again; its answer says that this much of it was cached.
  void ask_again(std::uint64_t id, std::uint32_t cached_tokens) {
    driver.arrive(Driver::request(id, 1000, 7));
    driver.first_token(id);
    driver.apply(RequestFinished{{id}, 1, 10, cached_tokens});
  }
  std::uint32_t expected(std::uint64_t id) {
    driver.arrive(Driver::request(id, 1000, 7));
    return driver.last_dispatch().expected_cached_tokens;
  }

  Driver driver;
};

TEST_F(MirrorCorrection, ForgetsTheTailThatTheInstanceDidNotHave) {
  ask_again(2, 300);
  EXPECT_EQ(driver.scheduler().load().mirror_corrections, 1U);
  EXPECT_EQ(expected(3), 300U);
}

TEST_F(MirrorCorrection, LeavesTheMirrorWhereTheInstanceHadMore) {
  ask_again(2, 1000);
  EXPECT_EQ(driver.scheduler().load().mirror_corrections, 0U);
  EXPECT_EQ(expected(3), 1000U);
}

TEST_F(MirrorCorrection, LeavesWhatTheAnswerSaysNothingOf) {
  driver.arrive(Driver::request(2, 1000, 7));
  driver.first_token(2);
  driver.finish(2);
  EXPECT_EQ(expected(3), 1000U);
}

TEST_F(MirrorCorrection, LearnsTheBlocksAgainFromTheNextPrompt) {
  ask_again(2, 1000);
  ask_again(3, 0);
  EXPECT_EQ(driver.scheduler().load().index_blocks, 0U);
  ask_again(4, 0);
  EXPECT_EQ(driver.scheduler().load().mirror_corrections, 1U);  // Nothing was believed.
  EXPECT_EQ(expected(5), 1000U);
}

TEST_F(MirrorCorrection, DoesNotBelieveAnInstanceThatHasStatedNothingButZero) {
  ask_again(2, 0);
  ask_again(3, 0);
  EXPECT_EQ(driver.scheduler().load().mirror_corrections, 0U);
  EXPECT_EQ(expected(4), 1000U);
}

TEST_F(MirrorCorrection, DoesNotBlameWhatCameAfterTheRequestWasSent) {
  driver.apply(KvCleared{{0}});
  driver.arrive(Driver::request(2, 1000, 7));  // Nothing expected.
  driver.arrive(Driver::request(3, 1000, 7));
  driver.first_token(2);  // Now the mirror has it, but 3 was sent before.
  driver.first_token(3);
  driver.apply(RequestFinished{{3}, 1, 10, 50});
  EXPECT_EQ(driver.scheduler().load().mirror_corrections, 0U);
}

TEST(MirrorCorrectionByEvents, LeavesAnInstanceThatTellsItself) {
  Driver driver(Driver::policy("min_ttft"), 0);
  driver.apply(
      InstanceAdded{.instance = {0}, .spec = {.name = "a"}, .residency = ResidencySource::kEvents});
  driver.apply(KvBlocksStored{{0}, Driver::chain(7, 10)});
  driver.arrive(Driver::request(1, 1000, 7));
  driver.first_token(1);
  driver.apply(RequestFinished{{1}, 1, 10, 50});
  EXPECT_EQ(driver.scheduler().load().mirror_corrections, 0U);
  EXPECT_EQ(driver.scheduler().load().index_blocks, 10U);
}

}  // namespace
}  // namespace ringmaster
