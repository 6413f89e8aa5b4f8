#include "sim/instance_model.h"

#include <memory>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster::sim {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

// Round constants, so that every expected duration can be worked out by hand: a token of prefill
// takes 1 ms, a step 10 ms more, a decoding sequence 2 ms, a KV token that it reads 1 ms.
const InstanceProfile kProfile = {.name = "round",
                                  .prefill_seconds_per_token = 0.001,
                                  .kv_cache_tokens = 2048,
                                  .prompt_tokens_max = 20'480,
                                  .step_seconds = 0.010,
                                  .step_seconds_per_sequence = 0.002,
                                  .step_seconds_per_kv_token = 0.001,
                                  .device_kv_tokens = 3000};

struct Shape {
  std::uint32_t prompt_tokens;
  std::uint32_t output_tokens;
  std::vector<std::uint64_t> ids;
};

/// One instance and the requests that can be sent to it.
class Bench {
 public:
  Bench(ModelKind kind, const std::vector<Shape>& shapes) : workload_(make_workload(shapes)) {
    model_ = make_instance_model(kind, kProfile, workload_);
  }

  InstanceModel& model() { return *model_; }

  /// Runs one step: its duration and what it brought.
  std::pair<Duration, StepResult> step() {
    const auto duration = model_->start_step();
    StepResult result;
    if (duration) model_->end_step(result);
    return {duration.value_or(Duration(-1)), std::move(result)};
  }

 private:
  static Workload make_workload(const std::vector<Shape>& shapes) {
    Trace trace;
    for (const Shape& shape : shapes) {
      trace.records.push_back({.input_tokens = shape.prompt_tokens,
                               .output_tokens = shape.output_tokens,
                               .first_id = trace.hash_ids.size(),
                               .id_count = shape.ids.size()});
      trace.hash_ids.insert(trace.hash_ids.end(), shape.ids.begin(), shape.ids.end());
    }
    return Workload::make(trace, {}).value();
  }

  Workload workload_;
  std::unique_ptr<InstanceModel> model_;
};

TEST(ParseModelKind, KnowsEveryModelAndListsThemAll) {
  for (const ModelKind kind :
       {ModelKind::kSerial, ModelKind::kBatching, ModelKind::kEngine, ModelKind::kTiered}) {
    EXPECT_EQ(parse_model_kind(name_of(kind)).value(), kind);
  }
  EXPECT_EQ(parse_model_kind("x").error().message,
            "model: expected one of serial, batching, engine, tiered, found \"x\"");
  EXPECT_EQ(parse_model_kind("serail").error().message,
            "model: expected one of serial, batching, engine, tiered, found \"serail\" (did you "
            "mean 'serial'?)");
}

TEST(SerialModel, TakesTheTimeOfItsUncachedTokens) {
  Bench bench(ModelKind::kSerial, {{1000, 5, {1, 2}}});
  ASSERT_TRUE(bench.model().submit(0));
  const auto [duration, result] = bench.step();
  EXPECT_EQ(duration, milliseconds(1000));
  EXPECT_THAT(result.finished, ElementsAre(0));
}

TEST(SerialModel, FindsBlocksThatAnEarlierPrefillLeft) {
  Bench bench(ModelKind::kSerial, {{1100, 5, {1, 2}}, {1100, 5, {1, 2}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  bench.step();
  const auto [duration, result] = bench.step();
  EXPECT_EQ(duration, milliseconds(1100 - 1024));
  EXPECT_EQ(result.prefilled[0].cached_tokens, 1024U);
}

TEST(SerialModel, ComputesOneTokenOfAFullyCachedPrompt) {
  Bench bench(ModelKind::kSerial, {{1024, 5, {1, 2}}, {1024, 5, {1, 2}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  bench.step();
  EXPECT_EQ(bench.step().first, milliseconds(1));
}

TEST(SerialModel, PutsBlocksIntoTheCacheWhenThePrefillEnds) {
  Bench bench(ModelKind::kSerial, {{512, 1, {1}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().start_step().has_value());
  StepResult result;
  EXPECT_THAT(result.blocks.stored, IsEmpty());
  bench.model().end_step(result);
  EXPECT_EQ(result.blocks.stored.size(), 1U);
  EXPECT_EQ(bench.model().cached_blocks(result.blocks.stored), 1U);
}

TEST(SerialModel, ServesFirstComeFirst) {
  Bench bench(ModelKind::kSerial, {{10, 1, {}}, {20, 1, {}}});
  ASSERT_TRUE(bench.model().submit(1));
  ASSERT_TRUE(bench.model().submit(0));
  EXPECT_THAT(bench.step().second.finished, ElementsAre(1));
  EXPECT_THAT(bench.step().second.finished, ElementsAre(0));
}

TEST(SerialModel, DropsTheLeastRecentlyUsedBlocks) {
  Bench bench(ModelKind::kSerial,
              {{2048, 1, {1, 2, 3, 4}}, {512, 1, {9}}, {2049, 1, {1, 2, 3, 4}}});
  for (const std::uint32_t request : {0U, 1U, 2U}) ASSERT_TRUE(bench.model().submit(request));
  bench.step();
  EXPECT_EQ(bench.step().second.blocks.removed.size(), 1U);  // the tail of the first
  EXPECT_EQ(bench.step().second.prefilled[0].cached_tokens, 3 * 512U);
}

TEST(SerialModel, StartsNothingWhenItHasNothing) {
  Bench bench(ModelKind::kSerial, {{10, 1, {}}});
  EXPECT_FALSE(bench.model().start_step().has_value());
}

TEST(SerialModel, StartsNothingWhileAStepRuns) {
  Bench bench(ModelKind::kSerial, {{10, 1, {}}, {10, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  ASSERT_TRUE(bench.model().start_step().has_value());
  EXPECT_FALSE(bench.model().start_step().has_value());
}

TEST(BatchingModel, PrefillsAShortPromptInOneStep) {
  Bench bench(ModelKind::kBatching, {{100, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  const auto [duration, result] = bench.step();
  EXPECT_EQ(duration, milliseconds(10 + 100));
  EXPECT_THAT(result.finished, ElementsAre(0));  // its only token is that of the prefill
}

TEST(BatchingModel, DecodesOneTokenAStepAfterThePrefill) {
  Bench bench(ModelKind::kBatching, {{100, 3, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  EXPECT_THAT(bench.step().second.finished, IsEmpty());
  const auto [second, none] = bench.step();
  EXPECT_EQ(second, milliseconds(10 + 2 + 101));
  EXPECT_THAT(none.finished, IsEmpty());
  const auto [third, done] = bench.step();
  EXPECT_EQ(third, milliseconds(10 + 2 + 102));
  EXPECT_THAT(done.finished, ElementsAre(0));
  EXPECT_FALSE(bench.model().start_step().has_value());
}

TEST(BatchingModel, PrefillsALongPromptInChunks) {
  Bench bench(ModelKind::kBatching, {{2500, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  const auto [first, none] = bench.step();
  EXPECT_EQ(first, milliseconds(10 + 2048));
  EXPECT_THAT(none.prefilled, IsEmpty());
  const auto [second, result] = bench.step();
  EXPECT_EQ(second, milliseconds(10 + 452));
  EXPECT_EQ(result.prefilled.size(), 1U);
}

TEST(BatchingModel, FillsAStepWithSeveralPrompts) {
  Bench bench(ModelKind::kBatching, {{1500, 1, {}}, {800, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  const auto [first, result] = bench.step();
  EXPECT_EQ(first, milliseconds(10 + 2048));
  EXPECT_THAT(result.finished, ElementsAre(0));
  EXPECT_EQ(bench.step().first, milliseconds(10 + 1500 + 800 - 2048));
}

TEST(BatchingModel, CountsDecodesAgainstTheTokensOfAStep) {
  Bench bench(ModelKind::kBatching, {{100, 2, {}}, {2500, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  bench.step();
  ASSERT_TRUE(bench.model().submit(1));
  EXPECT_EQ(bench.step().first, milliseconds(10 + 2047 + 2 + 101));
}

TEST(BatchingModel, AdmitsWhatFitsIntoTheDevicesMemory) {
  Bench bench(ModelKind::kBatching, {{1900, 101, {}}, {900, 100, {}}});  // 2001 + 1000 > 3000
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  EXPECT_EQ(bench.step().first, milliseconds(10 + 1900));
  EXPECT_EQ(bench.step().first, milliseconds(10 + 2 + 1901));  // the other one waits
}

TEST(BatchingModel, AdmitsTheNextWhenMemoryIsFree) {
  Bench bench(ModelKind::kBatching, {{2900, 1, {}}, {900, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  bench.step();
  EXPECT_THAT(bench.step().second.finished, ElementsAre(0));
  EXPECT_THAT(bench.step().second.finished, ElementsAre(1));
}

TEST(BatchingModel, RefusesWhatCouldNeverFit) {
  Bench bench(ModelKind::kBatching, {{2900, 101, {}}});
  EXPECT_FALSE(bench.model().submit(0));
}

TEST(BatchingModel, SkipsTheCachedPrefix) {
  Bench bench(ModelKind::kBatching, {{1100, 1, {1, 2}}, {1100, 1, {1, 2}}});
  ASSERT_TRUE(bench.model().submit(0));
  bench.step();
  ASSERT_TRUE(bench.model().submit(1));
  const auto [duration, result] = bench.step();
  EXPECT_EQ(duration, milliseconds(10 + 1100 - 1024));
  EXPECT_EQ(result.prefilled[0].cached_tokens, 1024U);
}

TEST(SerialModel, ReportsWhatRunsAndWaits) {
  Bench bench(ModelKind::kSerial, {{1000, 1, {}}, {200, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  ASSERT_TRUE(bench.model().start_step().has_value());
  const InstanceReport report = bench.model().report();
  EXPECT_EQ(report.running_requests, 1U);
  EXPECT_EQ(report.waiting_requests, 1U);
  EXPECT_EQ(report.queued_prefill_tokens, 1200U);
  EXPECT_FALSE(report.kv_usage.has_value());  // This model has no device memory.
}

TEST(BatchingModel, ReportsWhatRunsAndWaits) {
  Bench bench(ModelKind::kBatching, {{1400, 100, {}}, {2000, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  bench.step();
  ASSERT_TRUE(bench.model().submit(1));
  const InstanceReport report = bench.model().report();
  EXPECT_EQ(report.running_requests, 1U);
  EXPECT_EQ(report.waiting_requests, 1U);
  EXPECT_EQ(report.queued_prefill_tokens, 2000U);
  EXPECT_EQ(report.kv_usage, 0.5);
}

TEST(FindProfile, OffersWhatBeginsSoOrIsSpeltAlike) {
  EXPECT_EQ(find_profile("qwen2.5-14b@910b3")->kv_cache_tokens, 500'000U);
  const auto message_for = [](std::string_view name) { return find_profile(name).error().message; };
  const std::string expected =
      "profile: expected a file that ends in .json or a name of `ringmaster profile list`, found ";
  EXPECT_EQ(message_for("qwen2.5-7b@910b5"),
            expected + "\"qwen2.5-7b@910b5\" (did you mean 'qwen2.5-7b@910b4'?)");
  EXPECT_EQ(message_for("qwen2.5-7b@h"),
            expected +
                "\"qwen2.5-7b@h\" (did you mean qwen2.5-7b@h200-uncalibrated, "
                "qwen2.5-7b@h100-uncalibrated?)");
  EXPECT_EQ(message_for("x"), expected + "\"x\"");
}

}  // namespace
}  // namespace ringmaster::sim
