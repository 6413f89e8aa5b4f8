#include "sim/session_shape.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

TEST(ParseShapeMix, ReadsOneName) {
  const auto mix = parse_shape_mix("rag");
  ASSERT_TRUE(mix.has_value());
  ASSERT_EQ(mix->size(), 1U);
  EXPECT_EQ(mix->front().shape.name, "rag");
  EXPECT_DOUBLE_EQ(mix->front().share, 1.0);
}

TEST(ParseShapeMix, ReadsShares) {
  const auto mix = parse_shape_mix("conversation:3,no-reuse:0.5");
  ASSERT_TRUE(mix.has_value());
  ASSERT_EQ(mix->size(), 2U);
  EXPECT_DOUBLE_EQ((*mix)[0].share, 3.0);
  EXPECT_EQ((*mix)[1].shape.name, "no-reuse");
  EXPECT_DOUBLE_EQ((*mix)[1].share, 0.5);
}

TEST(ParseShapeMix, ListsTheKnownNames) {
  EXPECT_EQ(parse_shape_mix("chat").error().message,
            "workload: expected one of conversation, tool, rag, agent, workflow, no-reuse, "
            "found \"chat\"");
  EXPECT_THAT(parse_shape_mix("rag,").error().message, HasSubstr("found \"\""));
}

TEST(ParseShapeMix, RefusesAShareThatIsNoPositiveNumber) {
  EXPECT_THAT(parse_shape_mix("rag:0").error().message, HasSubstr("a share in (0, 1e6]"));
  EXPECT_THAT(parse_shape_mix("rag:x").error().message, HasSubstr("found \"x\""));
  EXPECT_THAT(parse_shape_mix("rag:").error().message, HasSubstr("found \"\""));
}

TEST(SessionShapes, AreAllInRange) {
  for (const SessionShape& shape : session_shapes()) EXPECT_TRUE(check(shape)) << shape.name;
}

TEST(CheckSessionShape, NamesTheNumberAndItsRange) {
  EXPECT_EQ(check({.name = "rag", .turns = 0.5}).error().message,
            "rag: expected turns in [1, 10000], found 0.500000");
  EXPECT_THAT(check({.name = "rag", .length_cv = -1}).error().message,
              HasSubstr("a cv of lengths in [0, 20]"));
}

}  // namespace
}  // namespace ringmaster::sim
