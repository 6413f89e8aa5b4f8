#include "cli/gpu_shares.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using testing::ElementsAre;

/// Of each engine in turn.
std::vector<std::vector<std::int32_t>> gpus_of(const GpuShares& shares, std::size_t engines) {
  std::vector<std::vector<std::int32_t>> gpus;
  for (std::size_t engine = 0; engine < engines; ++engine) gpus.push_back(shares.gpus_of(engine));
  return gpus;
}

TEST(GpuSharesGpus, GivesEachEngineItsOwnWhereThereAreEnough) {
  EXPECT_THAT(gpus_of(GpuShares(4, 1, 0, 4), 4),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(2), ElementsAre(3)));
}

TEST(GpuSharesGpus, LeavesTheLastOnesFreeWhereThereAreMore) {
  EXPECT_THAT(gpus_of(GpuShares(2, 1, 0, 8), 2), ElementsAre(ElementsAre(0), ElementsAre(1)));
}

TEST(GpuSharesGpus, PutsAllEnginesOnTheOnlyOne) {
  EXPECT_THAT(gpus_of(GpuShares(3, 1, 0, 1), 3),
              ElementsAre(ElementsAre(0), ElementsAre(0), ElementsAre(0)));
}

TEST(GpuSharesGpus, DealsThreeEnginesOutToTwo) {
  EXPECT_THAT(gpus_of(GpuShares(3, 1, 0, 2), 3),
              ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(0)));
}

TEST(GpuSharesGpus, DealsFiveEnginesOutToTwo) {
  EXPECT_THAT(
      gpus_of(GpuShares(5, 1, 0, 2), 5),
      ElementsAre(ElementsAre(0), ElementsAre(1), ElementsAre(0), ElementsAre(1), ElementsAre(0)));
}

TEST(GpuSharesGpus, BeginsAtTheFirstThatIsAskedFor) {
  EXPECT_THAT(gpus_of(GpuShares(3, 1, 2, 4), 3),
              ElementsAre(ElementsAre(2), ElementsAre(3), ElementsAre(2)));
}

TEST(GpuSharesGpus, GivesSeveralInARow) {
  EXPECT_THAT(gpus_of(GpuShares(2, 4, 0, 8), 2),
              ElementsAre(ElementsAre(0, 1, 2, 3), ElementsAre(4, 5, 6, 7)));
}

TEST(GpuSharesGpus, SharesWholeGroupsWhereSeveralAreForEach) {
  EXPECT_THAT(gpus_of(GpuShares(3, 2, 0, 4), 3),
              ElementsAre(ElementsAre(0, 1), ElementsAre(2, 3), ElementsAre(0, 1)));
}

TEST(GpuSharesGpus, LeavesOutWhatIsNoWholeGroup) {
  EXPECT_THAT(gpus_of(GpuShares(2, 2, 0, 3), 2), ElementsAre(ElementsAre(0, 1), ElementsAre(0, 1)));
  EXPECT_THAT(gpus_of(GpuShares(2, 2, 1, 4), 2), ElementsAre(ElementsAre(1, 2), ElementsAre(1, 2)));
}

// Which of them there is not, the engine says itself.
TEST(GpuSharesGpus, NamesTheGroupThatIsAskedForEvenIfItIsNotVisible) {
  EXPECT_THAT(gpus_of(GpuShares(2, 1, 5, 2), 2), ElementsAre(ElementsAre(5), ElementsAre(5)));
  EXPECT_THAT(gpus_of(GpuShares(1, 4, 0, 2), 1), ElementsAre(ElementsAre(0, 1, 2, 3)));
  EXPECT_THAT(gpus_of(GpuShares(1, 1, 0, 0), 1), ElementsAre(ElementsAre(0)));
}

TEST(GpuSharesGroups, CountsTheEnginesOfTheFullestOne) {
  EXPECT_EQ(GpuShares(4, 1, 0, 4).engines_of_a_group(), 1U);
  EXPECT_EQ(GpuShares(3, 1, 0, 2).engines_of_a_group(), 2U);
  EXPECT_EQ(GpuShares(5, 1, 0, 2).engines_of_a_group(), 3U);
  EXPECT_EQ(GpuShares(5, 2, 0, 4).engines_of_a_group(), 3U);
  EXPECT_EQ(GpuShares(7, 1, 0, 1).engines_of_a_group(), 7U);
}

TEST(GpuSharesMemory, IsNineTenthsOfAGpuThatIsNotShared) {
  EXPECT_DOUBLE_EQ(GpuShares(4, 1, 0, 4).memory_of_each({}).value(), 0.9);
}

TEST(GpuSharesMemory, DividesNineTenthsAmongThoseThatShare) {
  EXPECT_DOUBLE_EQ(GpuShares(2, 1, 0, 1).memory_of_each({}).value(), 0.45);
  EXPECT_DOUBLE_EQ(GpuShares(5, 1, 0, 1).memory_of_each({}).value(), 0.18);
  EXPECT_DOUBLE_EQ(GpuShares(4, 2, 0, 4).memory_of_each({}).value(), 0.45);
}

// Instances are alike to the gateway: the one that has its GPU alone takes no more than the others.
TEST(GpuSharesMemory, IsThatOfTheFullestGpuForAllWhereTheyAreDealtUnevenly) {
  EXPECT_DOUBLE_EQ(GpuShares(3, 1, 0, 2).memory_of_each({}).value(), 0.45);
  EXPECT_DOUBLE_EQ(GpuShares(5, 1, 0, 2).memory_of_each({}).value(), 0.3);
}

TEST(GpuSharesMemory, IsWhatIsAskedForWhereItIsThereForEach) {
  EXPECT_DOUBLE_EQ(GpuShares(2, 1, 0, 2).memory_of_each(1.0).value(), 1.0);
  EXPECT_DOUBLE_EQ(GpuShares(2, 1, 0, 1).memory_of_each(0.5).value(), 0.5);
  EXPECT_DOUBLE_EQ(GpuShares(3, 1, 0, 2).memory_of_each(0.2).value(), 0.2);
  EXPECT_DOUBLE_EQ(GpuShares(10, 1, 0, 1).memory_of_each(0.1).value(), 0.1);
}

TEST(GpuSharesMemory, IsRefusedWhereTogetherTheyWantMoreThanAll) {
  const auto memory = GpuShares(5, 1, 0, 2).memory_of_each(0.334);
  ASSERT_FALSE(memory.has_value());
  EXPECT_EQ(memory.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(memory.error().message,
            "--memory-utilization: 3 engines share a GPU: expected at most 0.333");
}

TEST(GpuSharesMemory, IsRefusedWhereTooManyShareForASharePossible) {
  EXPECT_DOUBLE_EQ(GpuShares(90, 1, 0, 1).memory_of_each({}).value(), 0.01);
  const auto memory = GpuShares(91, 1, 0, 1).memory_of_each({});
  ASSERT_FALSE(memory.has_value());
  EXPECT_EQ(memory.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(memory.error().message,
            "--engines: expected at most 90 on one GPU, each with at least 0.01 of its memory");
}

// What is asked for may take all of a GPU, which nine tenths are not.
TEST(GpuSharesMemory, NamesTheEnginesWhereNoMemoryThatMayBeAskedForWouldDo) {
  EXPECT_DOUBLE_EQ(GpuShares(100, 1, 0, 1).memory_of_each(0.01).value(), 0.01);
  const auto memory = GpuShares(101, 1, 0, 1).memory_of_each(0.01);
  ASSERT_FALSE(memory.has_value());
  EXPECT_EQ(memory.error().message,
            "--engines: expected at most 100 on one GPU, each with at least 0.01 of its memory");
}

TEST(GpuSharesText, NamesTheGpusOfAnEngine) {
  EXPECT_EQ(GpuShares(2, 1, 2, 4).name_of(1), "GPU 3");
  EXPECT_EQ(GpuShares(2, 2, 0, 4).name_of(1), "GPUs 2 to 3");
}

TEST(GpuSharesText, SaysThatNoneIsShared) {
  EXPECT_EQ(GpuShares(2, 1, 0, 2).text(0.9),
            "No GPU is shared; an engine takes 0.900 of the memory.");
}

TEST(GpuSharesText, SaysHowManyShareAtMostAndWhatEachTakes) {
  EXPECT_EQ(GpuShares(5, 1, 0, 2).text(0.3),
            "GPUs are shared, each by up to 3 engines that take 0.300 of its memory each.");
}

}  // namespace
}  // namespace ringmaster
