#include "scheduler/retry_budget.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(RetryBudget, AllowsThreeHoweverFewRequestsThereAre) {
  RetryBudget budget(0.1);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(budget.allows_another(11, 0.0));
    budget.begin();
  }
  EXPECT_FALSE(budget.allows_another(11, 0.0));
}

TEST(RetryBudget, AllowsItsShareOfMany) {
  RetryBudget budget(0.1);
  for (int i = 0; i < 20; ++i) budget.begin();
  EXPECT_FALSE(budget.allows_another(200, 0.0));
  EXPECT_TRUE(budget.allows_another(201, 0.0));
}

TEST(RetryBudget, AllowsWhatALostInstanceHadOnAverage) {
  RetryBudget budget(0.1);
  for (int i = 0; i < 25; ++i) budget.begin();
  EXPECT_FALSE(budget.allows_another(100, 0.0));
  EXPECT_TRUE(budget.allows_another(104, 0.25));
  EXPECT_FALSE(budget.allows_another(100, 0.25));
}

TEST(RetryBudget, AllowsAnotherWhenOneHasEnded) {
  RetryBudget budget(0.0);
  for (int i = 0; i < 3; ++i) budget.begin();
  EXPECT_FALSE(budget.allows_another(50, 0.0));
  budget.end();
  EXPECT_TRUE(budget.allows_another(50, 0.0));
}

}  // namespace
}  // namespace ringmaster
