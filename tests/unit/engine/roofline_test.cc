#include "engine/simulated/roofline.h"

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

InstanceProfile known(std::string_view name) {
  return find_profile(name).value();
}

TEST(Roofline, ReadsTheWeightsAtThreeQuartersOfTheBandwidth) {
  // 7,615,283,200 weights less the input table of 152,064 * 3,584, two bytes each, at 3.6 TB/s.
  EXPECT_NEAR(known("qwen2.5-7b@h200-uncalibrated").weights_seconds, 0.0039279, 1e-6);
}

TEST(Roofline, ComputesAPromptTokenAtItsShareOfThePeak) {
  // 2 * 6,525,288,448 matrix weights at 0.65 * 989 TFLOP/s.
  EXPECT_NEAR(known("qwen2.5-7b@h100-uncalibrated").prefill_seconds_per_token, 2.0301e-5, 1e-9);
}

TEST(Roofline, GivesTheDecodedTokenTheOutputMatrixToo) {
  const InstanceProfile profile = known("llama-3.1-8b@a100-uncalibrated");
  EXPECT_NEAR(profile.decode_seconds_per_token - profile.prefill_seconds_per_token,
              2.0 * 128'256 * 4096 / (0.65 * 312e12), 1e-12);
}

TEST(Roofline, LeavesTheRestOfTheMemoryToKv) {
  // 0.85 * 141 GB less 15.23 GB of weights, at 57,344 bytes a token.
  EXPECT_NEAR(static_cast<double>(known("qwen2.5-7b@h200-uncalibrated").device_kv_tokens),
              1'824'400, 100);
}

TEST(Roofline, SplitsAModelOverAsManyDevicesAsItNeeds) {
  const auto models = model_shapes();
  const auto devices = device_rates();
  EXPECT_EQ(devices_needed(models[0], devices[3]), 1);  // 7B on an L40S
  EXPECT_EQ(devices_needed(models[4], devices[0]), 2);  // 70B on H200s
  EXPECT_EQ(devices_needed(models[4], devices[1]), 4);  // 70B on H100s
}

TEST(Roofline, ChargesASplitModelForItsExchanges) {
  const InstanceProfile two = roofline(model_shapes()[0], device_rates()[1], 2);
  const InstanceProfile one = roofline(model_shapes()[0], device_rates()[1], 1);
  EXPECT_GT(two.prefill_seconds_per_token, one.prefill_seconds_per_token / 2);
  EXPECT_NEAR(two.step_seconds - one.step_seconds, 2 * 28 * 10e-6, 1e-12);
}

TEST(Roofline, SaysInEveryNameThatNothingWasMeasured) {
  for (const InstanceProfile& profile : profiles().subspan(2)) {
    EXPECT_TRUE(profile.name.ends_with("-uncalibrated")) << profile.name;
    EXPECT_FALSE(profile.fit);
  }
  EXPECT_EQ(profiles().back().name, "llama-3.1-70b@4xl40s-uncalibrated");
}

TEST(Roofline, LeavesEveryPromptRoomForItsOutput) {
  for (const InstanceProfile& profile : profiles()) {
    EXPECT_LE(profile.prompt_tokens_max + 2048, profile.device_kv_tokens) << profile.name;
    EXPECT_LE(profile.prompt_tokens_max + 2048, profile.context_tokens_max) << profile.name;
  }
}

}  // namespace
}  // namespace ringmaster::engine
