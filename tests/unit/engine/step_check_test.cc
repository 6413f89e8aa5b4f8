#include "engine/step_check.h"

#include <functional>

#include <gtest/gtest.h>

namespace ringmaster::engine {
namespace {

constexpr StepLimits kLimits{
    .vocabulary_size = 100, .block_tokens = 4, .block_count = 40, .host_block_count = 2};

/// One sequence that decodes and one that does not sample.
StepInput good_step() {
  StepInput step;
  step.tokens = {5, 6, 7};
  step.positions = {4, 0, 1};
  step.block_tables = {39, 0, 17};
  step.sequences = {{.slot = 3,
                     .query_start = 0,
                     .query_tokens = 1,
                     .context_tokens = 5,
                     .block_table_start = 0,
                     .block_count = 2,
                     .sample_row = 0},
                    {.slot = 8,
                     .query_start = 1,
                     .query_tokens = 2,
                     .context_tokens = 2,
                     .block_table_start = 2,
                     .block_count = 1}};
  step.sampling.resize(1);
  return step;
}

std::string fault_of(const std::function<void(StepInput&)>& spoil) {
  StepInput step = good_step();
  spoil(step);
  const Status checked = check_step(step, kLimits);
  return checked ? "none" : checked.error().message;
}

TEST(StepCheck, PassesAStepInsideItsLimits) {
  EXPECT_EQ(fault_of([](StepInput&) {}), "none");
}

TEST(StepCheck, NamesTheBlockThatIsNoneOfTheCaches) {
  EXPECT_EQ(fault_of([](StepInput& step) { step.block_tables[0] = 40; }),
            "step: sequence in slot 3: block 40");
  EXPECT_EQ(fault_of([](StepInput& step) { step.block_tables[2] = -1; }),
            "step: sequence in slot 8: block -1");
  EXPECT_EQ(fault_of([](StepInput& step) { step.block_tables[1] = 2'147'483'647; }),
            "step: sequence in slot 3: block 2147483647");
  EXPECT_EQ(fault_of([](StepInput& step) { step.block_tables[1] = -2'147'483'647 - 1; }),
            "step: sequence in slot 3: block -2147483648");
}

TEST(StepCheck, FindsOneForeignBlockAmongMany) {
  for (std::size_t spoiled = 0; spoiled < 37; ++spoiled) {
    EXPECT_EQ(
        fault_of([&](StepInput& step) {
          step.block_tables.assign(37, 1);
          step.sequences[0].block_count = 36;
          step.sequences[1].block_table_start = 36;
          step.block_tables[spoiled] = 40;
        }),
        spoiled < 36 ? "step: sequence in slot 3: block 40" : "step: sequence in slot 8: block 40");
  }
}

TEST(StepCheck, TakesRowsInTheOrderOfTheirSequencesOnly) {
  EXPECT_EQ(fault_of([](StepInput& step) { step.sequences[1].sample_row = 2; }),
            "step: sequence in slot 8: sample row");
  EXPECT_EQ(fault_of([](StepInput& step) { step.sequences[1].sample_row = 0; }),
            "step: sequence in slot 8: sample row");
}

TEST(StepCheck, RefusesARowTooManyOrTooFew) {
  EXPECT_EQ(fault_of([](StepInput& step) { step.sampling.resize(2); }),
            "step: rows and sequences that sample differ in number");
  EXPECT_EQ(fault_of([](StepInput& step) { step.sampling.clear(); }),
            "step: rows and sequences that sample differ in number");
}

TEST(StepCheck, RefusesTokensOfNoSequence) {
  EXPECT_EQ(fault_of([](StepInput& step) {
              step.tokens.push_back(1);
              step.positions.push_back(0);
            }),
            "step: tokens that belong to no sequence");
}

}  // namespace
}  // namespace ringmaster::engine
