#include "engine/simulated/profile_json.h"

#include <string>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

constexpr std::string_view kLeast =
    R"({"name": "m@d", "prefill_seconds_per_token": 0.0001, "device_kv_tokens": 50000,
        "context_tokens_max": 32768)";

constexpr std::string_view kFit =
    R"("fit": {"device": "Card", "date": "2026-01-31", "command": "calibrate", "fitted_steps": 90,
               "held_out_steps": 30, "error_mean": 0.02, "error_p90": 0.04, "error_max": 0.1})";

std::string with(std::string_view more) {
  return std::string(kLeast) + (more.empty() ? "" : ", ") + std::string(more) + "}";
}

std::string problem_of(const std::string& text) {
  const auto profile = parse_profile(text, "p.json");
  return profile ? "none" : profile.error().message;
}

TEST(ProfileJson, TakesTheDevicesCacheAndTheContextWhereNothingElseIsSaid) {
  const auto profile = parse_profile(with(""), "p.json");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->kv_cache_tokens, 50'000U);
  EXPECT_EQ(profile->prompt_tokens_max, 32'768U - 2048U);
  EXPECT_EQ(profile->step_seconds, 0.0);
}

TEST(ProfileJson, NamesAProfileWithoutAFitUncalibrated) {
  EXPECT_EQ(parse_profile(with(""), "p.json")->name, "m@d-uncalibrated");
}

TEST(ProfileJson, KeepsTheNameOfAFittedProfile) {
  const auto profile = parse_profile(with(kFit), "p.json");
  ASSERT_TRUE(profile) << profile.error().message;
  EXPECT_EQ(profile->name, "m@d");
  EXPECT_EQ(profile->fit->device, "Card");
  EXPECT_EQ(profile->fit->held_out_steps, 30U);
  EXPECT_EQ(profile->fit->error_p90, 0.04);
}

TEST(ProfileJson, ReadsBackWhatItWrites) {
  const std::string text = to_json(*parse_profile(with(kFit), "p.json"));
  EXPECT_EQ(to_json(*parse_profile(text, "p.json")), text);
}

TEST(ProfileJson, WritesEveryBuiltInProfileSoThatItCanBeRead) {
  for (const InstanceProfile& profile : profiles()) {
    const auto read = parse_profile(to_json(profile), profile.name);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->step_seconds_per_kv_token, profile.step_seconds_per_kv_token);
    EXPECT_EQ(read->prompt_tokens_max, profile.prompt_tokens_max);
  }
}

TEST(ProfileJson, NamesAKeyThatIsMissing) {
  EXPECT_EQ(problem_of(R"({"name": "m"})"), "p.json: prefill_seconds_per_token: is missing");
}

TEST(ProfileJson, NamesTheKnownKeysBesideAnUnknownOne) {
  EXPECT_EQ(problem_of(with(R"("speed": 1)")).substr(0, 52),
            "p.json: speed: is no key here; known are name, prefi");
}

TEST(ProfileJson, RefusesAKeyGivenTwice) {
  EXPECT_EQ(problem_of(with(R"("name": "again")")), "p.json: name: is given twice");
}

TEST(ProfileJson, RefusesANumberOutOfItsRange) {
  EXPECT_EQ(problem_of(with(R"("step_seconds": -1)")),
            "p.json: step_seconds: expected a number from 0 to 1000");
}

TEST(ProfileJson, RefusesATextInPlaceOfANumber) {
  EXPECT_EQ(problem_of(with(R"("weights_seconds": "0.004")")),
            "p.json: weights_seconds: expected a number from 0 to 1000");
}

TEST(ProfileJson, RefusesPartOfAToken) {
  EXPECT_EQ(problem_of(with(R"("kv_cache_tokens": 1.5)")),
            "p.json: kv_cache_tokens: expected a whole number");
}

TEST(ProfileJson, RefusesPromptsThatTheDeviceCannotHold) {
  EXPECT_EQ(problem_of(with(R"("prompt_tokens_max": 40000)")),
            "p.json: prompt_tokens_max: expected at most 32768, the smaller one of "
            "context_tokens_max and device_kv_tokens");
}

TEST(ProfileJson, NamesThePlaceInsideTheFit) {
  EXPECT_EQ(problem_of(with(R"("fit": {"device": "Card"})")), "p.json: fit.date: is missing");
}

TEST(ProfileJson, RefusesAMeanErrorAboveTheLargest) {
  EXPECT_EQ(problem_of(with(R"("fit": {"device": "c", "date": "d", "command": "c",
      "fitted_steps": 1, "held_out_steps": 1, "error_mean": 0.2, "error_p90": 0.1,
      "error_max": 0.1})")),
            "p.json: fit.error_max: expected at least error_mean and error_p90");
}

TEST(ProfileJson, RefusesWhatIsNoJsonObject) {
  EXPECT_EQ(problem_of("[]"), "p.json: expected a JSON object");
  EXPECT_EQ(problem_of("{").substr(0, 22), "p.json: expected JSON:");
}

}  // namespace
}  // namespace ringmaster::engine
