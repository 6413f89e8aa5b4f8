#include "http/percent_escapes.h"

#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

TEST(PercentEscapes, AreReplacedByTheirBytes) {
  EXPECT_EQ(without_percent_escapes("a%2Fb%2fc%20%c3%a9"), "a/b/c \xc3\xa9");
}

TEST(PercentEscapes, AreReplacedOnce) {
  EXPECT_EQ(without_percent_escapes("%2541"), "%41");
}

TEST(PercentEscapes, StayWhereTheyAreNone) {
  EXPECT_EQ(without_percent_escapes("%"), "%");
  EXPECT_EQ(without_percent_escapes("%2"), "%2");
  EXPECT_EQ(without_percent_escapes("%2g%-1%+1"), "%2g%-1%+1");
}

}  // namespace
}  // namespace ringmaster::http
