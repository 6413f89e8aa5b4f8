#include "base/known_names.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

TEST(NearestName, TakesUpToAThirdOfTheLettersForMistakes) {
  const std::string_view known[] = {"slo", "queue", "llumnix"};
  EXPECT_EQ(nearest_name("slx", known), "slo");
  EXPECT_EQ(nearest_name("sxx", known), "");
  EXPECT_EQ(nearest_name("queu", known), "queue");
  EXPECT_EQ(nearest_name("lumnixx", known), "llumnix");
  EXPECT_EQ(nearest_name("lumnxxx", known), "");
}

TEST(NearestName, CountsSwappedNeighboursAsOneMistake) {
  const std::string_view known[] = {"fcfs", "fair"};
  EXPECT_EQ(nearest_name("fcsf", known), "fcfs");
}

TEST(ExpectedOneOf, ListsTheNamesAndTheOneThatWasPerhapsMeant) {
  const std::string_view known[] = {"serial", "batching"};
  EXPECT_EQ(expected_one_of(known, "batchin"),
            "expected one of serial, batching, found \"batchin\" (did you mean 'batching'?)");
  EXPECT_EQ(expected_one_of(known, ""), "expected one of serial, batching, found \"\"");
}

TEST(ExpectedOneOf, ShowsTheBeginningOfWhatIsTooLongForAName) {
  const std::string_view known[] = {"serial"};
  EXPECT_EQ(expected_one_of(known, std::string(1000, 'x')),
            "expected one of serial, found \"" + std::string(64, 'x') + '"');
}

}  // namespace
}  // namespace ringmaster
