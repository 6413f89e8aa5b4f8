#include "settings/engine_settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(EngineSettings, NeedsOnlyAModel) {
  const auto settings = parse_engine_settings("model: /models/tiny", "e.yaml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->model, "/models/tiny");
  EXPECT_EQ(settings->device, "cpu");
  EXPECT_EQ(settings->block_tokens, 16);
}

TEST(EngineSettings, ReadsBatchAndSimulatedTimes) {
  const auto settings = parse_engine_settings(
      "model: m\ndevice: sim\nbatch: {requests: 4, tokens: 128}\nsim: {step_base_seconds: 0.01}\n",
      "e.yaml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->device, "sim");
  EXPECT_EQ(settings->batch_requests_max, 4);
  EXPECT_EQ(settings->batch_tokens_max, 128);
  EXPECT_EQ(settings->sim.step_base_seconds, 0.01);
}

TEST(EngineSettings, ReportsAMissingModelAndAnUnknownDevice) {
  const auto settings = parse_engine_settings("device: gpu\n", "e.yaml");
  ASSERT_FALSE(settings);
  EXPECT_THAT(settings.error(),
              ElementsAre(HasSubstr("e.yaml:1:1: model: is missing"),
                          "e.yaml:1:9: device: must be one of cpu, cuda, sim, is \"gpu\""));
}

}  // namespace
}  // namespace ringmaster
