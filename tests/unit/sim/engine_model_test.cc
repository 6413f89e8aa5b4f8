#include "sim/engine_model.h"

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/random.h"
#include "engine/engine.h"
#include "engine/simulated/sim_executor.h"

namespace ringmaster::sim {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::uint32_t kBlock = 16;

// As in the tests of the other models: a token of prefill takes 1 ms, a step 10 ms more, a decoding
// sequence 2 ms, a KV token that it reads 1 ms.
InstanceProfile round_profile(std::uint64_t device_kv_tokens) {
  return {.name = "round",
          .prefill_seconds_per_token = 0.001,
          .kv_cache_tokens = 1'000'000,
          .step_seconds = 0.010,
          .step_seconds_per_sequence = 0.002,
          .step_seconds_per_kv_token = 0.001,
          .device_kv_tokens = device_kv_tokens,
          .context_tokens_max = 4096};
}

struct Shape {
  std::uint32_t prompt_tokens;
  std::uint32_t output_tokens;
  std::vector<std::uint64_t> ids;  // Of 512 tokens.
};

Workload workload_of(const std::vector<Shape>& shapes) {
  Trace trace;
  for (const Shape& shape : shapes) {
    trace.records.push_back({.input_tokens = shape.prompt_tokens,
                             .output_tokens = shape.output_tokens,
                             .first_id = trace.hash_ids.size(),
                             .id_count = shape.ids.size()});
    trace.hash_ids.insert(trace.hash_ids.end(), shape.ids.begin(), shape.ids.end());
  }
  return Workload::make(trace, {.block_tokens = kBlock}).value();
}

/// One instance and the requests that can be sent to it.
class Bench {
 public:
  explicit Bench(const std::vector<Shape>& shapes, std::uint64_t device_kv_tokens = 4096)
      : workload_(workload_of(shapes)), model_(round_profile(device_kv_tokens), workload_) {}

  EngineModel& model() { return model_; }

  std::pair<Duration, StepResult> step() {
    const auto duration = model_.start_step();
    StepResult result;
    if (duration) model_.end_step(result);
    return {duration.value_or(Duration(-1)), std::move(result)};
  }

 private:
  Workload workload_;
  EngineModel model_;
};

TEST(EngineModel, PrefillsThenDecodesOneTokenAStep) {
  Bench bench({{100, 2, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  const auto [first, prefilled] = bench.step();
  EXPECT_EQ(first, milliseconds(10 + 100));
  ASSERT_EQ(prefilled.prefilled.size(), 1U);
  EXPECT_THAT(prefilled.finished, IsEmpty());
  const auto [second, decoded] = bench.step();
  EXPECT_EQ(second, milliseconds(10 + 2 + 101));
  EXPECT_THAT(decoded.finished, ElementsAre(0));
  EXPECT_FALSE(bench.model().start_step().has_value());
}

TEST(EngineModel, CachesTheBlocksOfAChunkBeforeThePromptIsDone) {
  Bench bench({{2500, 1, {1, 2, 3, 4, 5}}});
  ASSERT_TRUE(bench.model().submit(0));
  const auto [duration, result] = bench.step();
  EXPECT_EQ(duration, milliseconds(10 + 2048));
  EXPECT_THAT(result.prefilled, IsEmpty());
  EXPECT_EQ(result.blocks.stored.size(), 2048U / kBlock);
}

TEST(EngineModel, FindsThePrefixOfAnEarlierPrompt) {
  Bench bench({{1100, 1, {1, 2}}, {1100, 1, {1, 2}}});
  ASSERT_TRUE(bench.model().submit(0));
  bench.step();
  ASSERT_TRUE(bench.model().submit(1));
  const auto [duration, result] = bench.step();
  EXPECT_EQ(duration, milliseconds(10 + 1100 - 1024));
  EXPECT_EQ(result.prefilled[0].cached_tokens, 1024U);
}

TEST(EngineModel, FindsNothingInTokensThatTheTraceGivesNoIdFor) {
  Bench bench({{200, 1, {}}, {200, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  bench.step();
  ASSERT_TRUE(bench.model().submit(1));
  EXPECT_EQ(bench.step().second.prefilled[0].cached_tokens, 0U);
}

TEST(EngineModel, ReportsWhatTheSchedulerHolds) {
  Bench bench({{3000, 1, {}}, {2000, 1, {}}});
  ASSERT_TRUE(bench.model().submit(0));
  ASSERT_TRUE(bench.model().submit(1));
  bench.step();
  const InstanceReport report = bench.model().report();
  EXPECT_EQ(report.running_requests, 1U);  // Both prompts together do not fit the pool.
  EXPECT_EQ(report.waiting_requests, 1U);
  EXPECT_EQ(report.queued_prefill_tokens, 3000U - 2048U + 2000U);
  EXPECT_EQ(report.kv_usage, 0.5);
}

TEST(EngineModel, RefusesWhatTheContextOrThePoolCannotHold) {
  Bench large({{4000, 97, {}}}, 100'000);
  EXPECT_FALSE(large.model().submit(0));
  Bench small({{200, 1, {}}}, 160);
  EXPECT_FALSE(small.model().submit(0));
}

// The engine itself beside the model: the same requests at the same steps, as tokens.
class EngineBeside {
 public:
  EngineBeside(const std::vector<Shape>& shapes, const InstanceProfile& profile)
      : shapes_(shapes),
        device_({.model = {.name = "m", .vocabulary_size = 1 << 24, .context_tokens_max = 4096},
                 .block_tokens = kBlock,
                 .block_count = static_cast<std::int32_t>(profile.device_kv_tokens / kBlock),
                 .profile = profile,
                 .output_tokens = {1 << 23}},
                nullptr),
        engine_(device_, {}) {}

  void submit(std::uint32_t request) {
    const Shape& shape = shapes_[request];
    TokenVector prompt;
    for (std::uint32_t i = 0; i < shape.prompt_tokens; ++i) {
      const std::uint32_t block = i / kTraceBlockTokens;
      const bool is_shared = block < shape.ids.size();
      prompt.push_back(is_shared ? static_cast<TokenId>(shape.ids[block])
                                 : static_cast<TokenId>((1 << 22) + request));
    }
    const auto id = engine_.submit(
        {.prompt = prompt, .output_tokens_max = static_cast<std::int32_t>(shape.output_tokens)});
    ASSERT_TRUE(id) << id.error().message;
    request_of_[*id] = request;
  }

  /// Runs one step: its duration, and the requests whose last token is out.
  std::pair<Duration, std::vector<std::uint32_t>> step() {
    engine::StepResult result;
    engine_.begin_step();
    engine_.end_step(result);
    for (const auto& event : result.admitted) {
      cached_tokens_[request_of_[event.request]] = event.cached_tokens;
    }
    std::vector<std::uint32_t> finished;
    for (const auto& event : result.outputs) {
      if (event.finish != engine::FinishReason::kNone)
        finished.push_back(request_of_[event.request]);
    }
    return {result.device_time, finished};
  }

  [[nodiscard]] bool has_work() const { return engine_.has_work(); }
  [[nodiscard]] std::uint64_t preemptions() const { return engine_.stats().preemptions; }
  [[nodiscard]] std::int32_t cached_tokens(std::uint32_t request) const {
    return cached_tokens_.at(request);
  }

 private:
  std::vector<Shape> shapes_;
  engine::SimExecutor device_;
  engine::Engine engine_;
  std::map<engine::RequestId, std::uint32_t> request_of_;
  std::map<std::uint32_t, std::int32_t> cached_tokens_;
};

/// Turns of conversations of up to four ids each, which begin alike.
std::vector<Shape> random_shapes(Random& random) {
  std::vector<Shape> shapes;
  for (int i = 0; i < 120; ++i) {
    Shape shape{.prompt_tokens = 1 + static_cast<std::uint32_t>(random.below(2000)),
                .output_tokens = 1 + static_cast<std::uint32_t>(random.below(60)),
                .ids = {}};
    const std::uint64_t conversation = 1 + random.below(8);
    for (std::uint32_t block = 0; block * kTraceBlockTokens < shape.prompt_tokens; ++block) {
      shape.ids.push_back(conversation * 10 + block);
    }
    shapes.push_back(std::move(shape));
  }
  return shapes;
}

class EngineModelBesideTheEngine : public testing::TestWithParam<std::uint64_t> {};

TEST_P(EngineModelBesideTheEngine, TakesTheSameStepsUnderPressure) {
  Random random(GetParam());
  const auto shapes = random_shapes(random);
  const InstanceProfile profile = round_profile(4096 + 16 * random.below(200));
  const Workload workload = workload_of(shapes);
  EngineModel model(profile, workload);
  EngineBeside engine(shapes, profile);
  std::uint32_t next = 0;
  std::size_t finished = 0;
  while (finished < shapes.size()) {
    for (auto arrivals = random.below(3); arrivals > 0 && next < shapes.size(); --arrivals) {
      ASSERT_TRUE(model.submit(next));
      engine.submit(next++);
    }
    const auto duration = model.start_step();
    ASSERT_EQ(duration.has_value(), engine.has_work());
    if (!duration) continue;
    StepResult result;
    model.end_step(result);
    const auto [engines_duration, engines_finished] = engine.step();
    ASSERT_EQ(*duration, engines_duration) << "seed " << GetParam();
    ASSERT_EQ(result.finished, engines_finished);
    for (const PrefillEnd& end : result.prefilled) {
      EXPECT_EQ(end.cached_tokens, engine.cached_tokens(end.request));
    }
    finished += result.finished.size();
  }
  EXPECT_GT(engine.preemptions(), 0U);  // Else this would show little.
}

INSTANTIATE_TEST_SUITE_P(Seeds, EngineModelBesideTheEngine, testing::Range<std::uint64_t>(1, 6));

/// One instance with host memory: 64 blocks on the device, a token back from the host in 0.1 ms.
class TieredBench {
 public:
  explicit TieredBench(const std::vector<Shape>& shapes, std::uint64_t host_tokens = 100'000)
      : workload_(workload_of(shapes)),
        model_(
            make_instance_model(ModelKind::kTiered, profile_of(host_tokens), workload_, &clock_)) {}

  InstanceModel& model() { return *model_; }
  [[nodiscard]] std::span<const BlockHash> chain(std::uint32_t request) const {
    return workload_.chain_of(workload_.requests()[request]);
  }
  void wait(Duration time) { clock_.time += time; }

  /// Serves the request to its end; what its first step took and what it found cached.
  std::pair<Duration, std::uint32_t> serve(std::uint32_t request) {
    EXPECT_TRUE(model_->submit(request));
    StepResult result;
    std::optional<Duration> first;
    while (const auto step = model_->start_step()) {
      if (!first) first = step;
      clock_.time += *step;
      model_->end_step(result);
    }
    EXPECT_EQ(result.finished.size(), 1U);
    return {first.value_or(Duration(-1)), result.prefilled.at(0).cached_tokens};
  }

 private:
  struct Time final : Clock {
    [[nodiscard]] TimePoint now() const override { return time; }
    TimePoint time{};
  };

  static InstanceProfile profile_of(std::uint64_t host_tokens) {
    InstanceProfile profile = round_profile(1024);
    profile.kv_cache_tokens = host_tokens;
    profile.host_load_seconds_per_token = 0.0001;
    return profile;
  }

  Workload workload_;
  Time clock_;
  std::unique_ptr<InstanceModel> model_;
};

// Prompts that share nothing: two of 32 blocks, and one that takes all 64.
const std::vector<Shape> kThree = {{512, 1, {1}}, {512, 1, {2}}, {1016, 1, {3, 4}}};

TEST(TieredModel, FindsInHostMemoryWhatTheDeviceHasEvicted) {
  TieredBench bench(kThree);
  EXPECT_EQ(bench.serve(0), std::pair(Duration(milliseconds(10 + 512)), 0U));
  bench.serve(2);
  EXPECT_EQ(bench.model().cached_blocks(bench.chain(0)), 32U);
  // 31 blocks come back in 1.6 ms each; the last token of a prompt is always computed.
  const auto [time, cached] = bench.serve(0);
  EXPECT_EQ(cached, 496U);
  EXPECT_EQ(time, milliseconds(10 + 16) + 31 * std::chrono::microseconds(1600));
  EXPECT_EQ(bench.model().copies()->awaited_tokens, 496U);
}

TEST(TieredModel, ForgetsWhatHostMemoryHasNoRoomFor) {
  TieredBench bench(kThree, 16 * 4);
  bench.serve(0);
  bench.serve(2);
  EXPECT_EQ(bench.serve(0).second, 64U);  // The tail of a prefix goes first.
}

TEST(TieredModel, NeedsNoTimeForWhatWasBroughtBackAhead) {
  TieredBench bench({{384, 1, {1}}, {1016, 1, {2, 3}}});
  bench.serve(0);
  bench.serve(1);
  bench.model().prefetch(bench.chain(0), 1);
  EXPECT_EQ(bench.model().copies()->ahead_tokens, 384U);
  bench.wait(milliseconds(40));  // 38.4 would do.
  const auto [time, cached] = bench.serve(0);
  EXPECT_EQ(cached, 368U);
  EXPECT_EQ(time, milliseconds(10 + 16));
  EXPECT_EQ(bench.model().copies()->used_orders, 1U);
  EXPECT_EQ(bench.model().copies()->awaited_tokens, 0U);
}

TEST(TieredModel, WaitsForTheRestOfWhatIsBeingBroughtBack) {
  TieredBench bench(kThree);
  bench.serve(0);
  bench.serve(2);
  bench.model().prefetch(bench.chain(0), 1);
  bench.wait(milliseconds(50));
  EXPECT_EQ(bench.serve(0).first,
            milliseconds(10 + 16) + 32 * std::chrono::microseconds(1600) - milliseconds(50));
}

TEST(TieredModel, KeepsWhatWasOrderedFromBeingEvicted) {
  TieredBench bench({{256, 1, {1}}, {512, 1, {2}}, {512, 1, {3}}});
  bench.serve(0);
  bench.model().prefetch(bench.chain(0), 1);
  bench.serve(1);
  bench.serve(2);
  EXPECT_EQ(bench.serve(0).first, milliseconds(10 + 16));
  EXPECT_EQ(bench.model().copies()->ahead_tokens, 0U);
}

TEST(TieredModel, GivesOrdersUpForARequestThatNeedsTheRoom) {
  TieredBench bench(kThree);
  bench.serve(0);
  bench.model().prefetch(bench.chain(0), 1);
  EXPECT_EQ(bench.serve(2).first, milliseconds(10 + 1016));
  EXPECT_EQ(bench.serve(0).second, 496U);  // From the host.
  EXPECT_EQ(bench.model().copies()->used_orders, 0U);
}

TEST(TieredModel, IsTheEngineModelWhileNothingIsEvicted) {
  TieredBench tiered(kThree);
  Bench engine(kThree, 1024);
  ASSERT_TRUE(engine.model().submit(0));
  EXPECT_EQ(tiered.serve(0).first, engine.step().first);
}

TEST(EngineModel, HasOneLevelOfMemoryAndTakesNoOrders) {
  Bench bench(kThree);
  bench.model().prefetch({}, 1);
  EXPECT_EQ(bench.model().copies(), nullptr);
}

}  // namespace
}  // namespace ringmaster::sim
