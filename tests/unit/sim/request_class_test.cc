#include "sim/request_class.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

std::vector<RequestClass> two_classes(double share) {
  return {{.name = "chat", .share = share, .ttft_slo = std::chrono::seconds(1)},
          {.name = "batch", .share = 1.0 - share, .ttft_slo = std::chrono::seconds(30)}};
}

TEST(RequestClasses, AreDrawnByShare) {
  const auto drawn = draw_classes(two_classes(0.8), 10'000, 1);
  EXPECT_NEAR(static_cast<double>(std::ranges::count(drawn, 0)), 8000.0, 200.0);
  EXPECT_EQ(std::ranges::count(drawn, 0) + std::ranges::count(drawn, 1), 10'000);
}

TEST(RequestClasses, AreTheSameForTheSameSeed) {
  EXPECT_EQ(draw_classes(two_classes(0.5), 100, 7), draw_classes(two_classes(0.5), 100, 7));
  EXPECT_NE(draw_classes(two_classes(0.5), 100, 7), draw_classes(two_classes(0.5), 100, 8));
}

TEST(RequestClasses, AreNoneUnlessGiven) {
  EXPECT_TRUE(check(std::vector<RequestClass>{}).has_value());
  EXPECT_TRUE(draw_classes({}, 5, 1).empty());
}

TEST(RequestClasses, RefuseSharesThatDoNotSumToOne) {
  auto classes = two_classes(0.5);
  classes[1].share = 0.4;
  EXPECT_EQ(check(classes).error().message, "classes: expected shares that sum to 1, found 0.9");
}

TEST(RequestClasses, RefuseANameGivenTwice) {
  auto classes = two_classes(0.5);
  classes[1].name = "chat";
  EXPECT_EQ(check(classes).error().message, "class chat: given twice");
}

}  // namespace
}  // namespace ringmaster::sim
