#include "sim/synthesis.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/trace_stats.h"

namespace ringmaster::sim {
namespace {

using testing::HasSubstr;

SynthesisOptions options_of(std::string_view workload, std::size_t requests) {
  return {.mix = parse_shape_mix(workload).value(),
          .arrivals = {.rate = 5},
          .requests = requests,
          .seed = 3};
}

TEST(Synthesize, MakesAsManyRequestsAsAskedFor) {
  EXPECT_EQ(synthesize(options_of("agent", 500))->records.size(), 500U);
}

TEST(Synthesize, MakesTextThatReadsBackAndNeverGoesBackInTime) {
  for (const SessionShape& shape : session_shapes()) {
    const auto text = write_trace(synthesize(options_of(shape.name, 500)).value());
    const auto read = parse_trace(text, "t.jsonl");
    ASSERT_TRUE(read.has_value()) << shape.name << ": " << read.error().message;
    EXPECT_EQ(write_trace(*read), text) << shape.name;
  }
}

TEST(Synthesize, IsTheSameForTheSameSeedOnly) {
  SynthesisOptions options = options_of("conversation:2,rag:1", 300);
  options.tenants = 4;
  const auto first = write_trace(synthesize(options).value());
  EXPECT_EQ(write_trace(synthesize(options).value()), first);
  options.seed = 4;
  EXPECT_NE(write_trace(synthesize(options).value()), first);
}

TEST(Synthesize, KeepsTheRateOfSingleRequests) {
  const auto stats = trace_stats(synthesize(options_of("no-reuse", 40'000)).value(), "t");
  EXPECT_NEAR(stats.mean_qps, 5.0, 0.1);  // Four standard deviations.
}

TEST(Synthesize, KeepsTheRateOfSessionsFromTheBeginning) {
  const auto trace = synthesize(options_of("conversation", 40'000)).value();
  EXPECT_NEAR(trace_stats(trace, "t").mean_qps, 5.0, 0.2);
  // The first tenth comes at that rate too: sessions were under way.
  EXPECT_NEAR(to_seconds(trace.records[3999].timestamp), 800, 80);
}

TEST(Synthesize, SharesNothingWithoutReuse) {
  const auto stats = trace_stats(synthesize(options_of("no-reuse", 2000)).value(), "t");
  EXPECT_DOUBLE_EQ(stats.cacheable_token_share, 0.0);
  EXPECT_DOUBLE_EQ(stats.reusing_request_share, 0.0);
}

TEST(Synthesize, HasTheLengthsAsked) {
  SynthesisOptions options = options_of("no-reuse", 40'000);
  options.mix[0].shape.first_tokens = 3000;
  options.mix[0].shape.output_tokens = 200;
  const auto stats = trace_stats(synthesize(options).value(), "t");
  EXPECT_NEAR(stats.input_tokens.mean, 3000, 60);
  EXPECT_NEAR(stats.output_tokens.mean, 200, 4);
}

TEST(Synthesize, SharesThePrefixOfToolsAsLongAsItIs) {
  // Ten prefixes of 8 blocks before 4 blocks of text: after the first ones, 8 of 12 are found.
  SynthesisOptions options = options_of("tool", 5000);
  options.mix[0].shape = {.name = "tool",
                          .prefixes = 10,
                          .prefix_tokens = 8 * 512,
                          .first_tokens = 4 * 512,
                          .output_tokens = 10,
                          .length_cv = 0};
  const auto stats = trace_stats(synthesize(options).value(), "t");
  const double misses = 10.0 / 5000;
  EXPECT_NEAR(stats.cacheable_token_share, 8.0 / 12.0 * (1 - misses), 1e-9);
  EXPECT_NEAR(stats.reusing_request_share, 1 - misses, 1e-9);
  // Zipf with skew 1: the commonest of ten has 1 / 2.929 of all; six standard deviations.
  EXPECT_NEAR(stats.top_first_block_share, 0.3414, 0.041);
}

TEST(Synthesize, ReusesTheHistoryOfASession) {
  // Turns of one block each and answers of one: turn k has 2 k - 1 blocks, of which all but two
  // were computed before, in the turn before it.
  SynthesisOptions options = options_of("conversation", 20'000);
  options.mix[0].shape = {.name = "conversation",
                          .turns = 6,
                          .pause_s = 2,
                          .first_tokens = 512,
                          .turn_tokens = 512,
                          .output_tokens = 512,
                          .length_cv = 0};
  const auto trace = synthesize(options).value();
  std::map<std::uint64_t, std::size_t> blocks_of_session;
  std::size_t turns = 0;
  for (const TraceRecord& record : trace.records) {
    auto& blocks = blocks_of_session[record.labels.session];
    if (blocks > 0) {
      EXPECT_EQ(record.id_count, blocks + 2);
      ++turns;
    }
    blocks = record.id_count;
  }
  EXPECT_NEAR(static_cast<double>(turns), 20'000 * 5.0 / 6.0, 400);
}

TEST(Synthesize, LetsContextsTakeTurnsAndSaysWhenEachRunsAgain) {
  SynthesisOptions options = options_of("workflow", 3000);
  options.mix[0].shape.turns = 30;
  const auto trace = synthesize(options).value();
  std::map<std::uint64_t, std::vector<const TraceRecord*>> sessions;
  for (const TraceRecord& record : trace.records)
    sessions[record.labels.session].push_back(&record);
  std::size_t checked = 0;
  for (const auto& [session, records] : sessions) {
    for (std::size_t i = 0; i + 3 < records.size(); ++i) {
      EXPECT_EQ(records[i]->labels.steps_to_execution, 3U);
      EXPECT_GT(records[i + 3]->input_tokens,
                records[i]->input_tokens - records[i]->input_tokens / 2);
      ++checked;
    }
  }
  EXPECT_GT(checked, 1000U);
}

TEST(Synthesize, SharesNoPrefixBetweenTenants) {
  SynthesisOptions options = options_of("tool", 4000);
  options.tenants = 5;
  const auto trace = synthesize(options).value();
  std::map<std::uint64_t, std::set<std::uint64_t>> tenants_of_first_id;
  std::set<std::uint64_t> tenants;
  for (const TraceRecord& record : trace.records) {
    tenants.insert(record.labels.tenant);
    tenants_of_first_id[trace.ids_of(record)[0]].insert(record.labels.tenant);
  }
  EXPECT_EQ(tenants, (std::set<std::uint64_t>{1, 2, 3, 4, 5}));
  for (const auto& [id, sharing] : tenants_of_first_id) EXPECT_EQ(sharing.size(), 1U);
}

TEST(Synthesize, SharesNoPrefixBetweenAdapters) {
  SynthesisOptions options = options_of("tool", 2000);
  options.adapters = 3;
  const auto trace = synthesize(options).value();
  std::map<std::uint64_t, std::set<std::uint64_t>> adapters_of_first_id;
  for (const TraceRecord& record : trace.records) {
    EXPECT_GE(record.labels.adapter, 1U);
    EXPECT_LE(record.labels.adapter, 3U);
    adapters_of_first_id[trace.ids_of(record)[0]].insert(record.labels.adapter);
  }
  for (const auto& [id, sharing] : adapters_of_first_id) EXPECT_EQ(sharing.size(), 1U);
}

TEST(Synthesize, MarksTheShareOfUrgentSessions) {
  SynthesisOptions options = options_of("no-reuse", 10'000);
  options.urgent_share = 0.2;
  int urgent = 0;
  const auto trace = synthesize(options).value();
  for (const TraceRecord& record : trace.records) urgent += record.labels.priority;
  EXPECT_NEAR(urgent, 2000, 160);
}

TEST(Synthesize, MixesByTheirShareOfTheRequests) {
  // Agents have 20 requests a session, yet a quarter of the requests: those that name a session.
  const auto trace = synthesize(options_of("agent:1,no-reuse:3", 40'000)).value();
  int of_sessions = 0;
  for (const TraceRecord& record : trace.records) of_sessions += record.labels.session > 0 ? 1 : 0;
  EXPECT_NEAR(of_sessions, 10'000, 1500);
}

TEST(Synthesize, StartsAgainFromThePrefixRatherThanGrowPastTheMaximum) {
  SynthesisOptions options = options_of("agent", 3000);
  options.input_tokens_max = 16'384;
  std::uint32_t longest = 0;
  const auto trace = synthesize(options).value();
  for (const TraceRecord& record : trace.records) {
    longest = std::max(longest, record.input_tokens);
  }
  EXPECT_LE(longest, 16'384U);
  EXPECT_GT(longest, 14'000U);
}

TEST(Synthesize, NamesAnOptionOutOfItsRange) {
  const auto message_of = [](const SynthesisOptions& options) {
    const auto trace = synthesize(options);
    return trace ? "no error" : trace.error().message;
  };
  SynthesisOptions options = options_of("rag", 0);
  EXPECT_EQ(message_of(options), "requests: expected 1 to 10000000, found 0");
  options = options_of("rag", 10);
  options.input_tokens_max = 100;
  EXPECT_THAT(message_of(options), HasSubstr("a maximum in [512, 10000000], found 100"));
  options = options_of("rag", 10);
  options.urgent_share = 2;
  EXPECT_THAT(message_of(options), HasSubstr("in [0, 1]"));
  options = options_of("rag", 10);
  options.arrivals.rate = -1;
  EXPECT_THAT(message_of(options), HasSubstr("a rate in"));
  options = options_of("agent", 10);
  options.arrivals.rate = 1e6;
  EXPECT_THAT(message_of(options), HasSubstr("under way"));
}

}  // namespace
}  // namespace ringmaster::sim
