#include "sim/trace_copies.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "sim/workload.h"

namespace ringmaster::sim {
namespace {

using std::chrono::seconds;

/// A record every ten seconds; each starts with block 7 and has a block of its own.
Trace trace_of(std::size_t records) {
  Trace trace;
  for (std::size_t i = 0; i < records; ++i) {
    trace.records.push_back({.timestamp = seconds(10 * i),
                             .input_tokens = 2 * kTraceBlockTokens,
                             .output_tokens = 1,
                             .first_id = trace.hash_ids.size(),
                             .id_count = 2,
                             .labels = {.session = i + 1, .tenant = 5}});
    trace.hash_ids.insert(trace.hash_ids.end(), {7, 100 + i});
  }
  return trace;
}

TEST(TraceCopies, OfOneIsTheTraceItself) {
  const Trace trace = trace_of(3);
  const Trace overlaid = overlay_copies(trace, 1).value();
  EXPECT_EQ(overlaid.hash_ids, trace.hash_ids);
  EXPECT_EQ(overlaid.records[2].timestamp, seconds(20));
}

TEST(TraceCopies, KeepTimestampsInOrderAndTheRateMultiplied) {
  const Trace overlaid = overlay_copies(trace_of(100), 4).value();
  ASSERT_EQ(overlaid.records.size(), 400U);
  EXPECT_TRUE(std::ranges::is_sorted(overlaid.records, {}, &TraceRecord::timestamp));
  EXPECT_LE(overlaid.records.back().timestamp, seconds(1000));
}

TEST(TraceCopies, AreTurnedAroundInTime) {
  // Span 20 s: the second copy is shifted by ten, so its second record comes at the start.
  const Trace overlaid = overlay_copies(trace_of(2), 2).value();
  ASSERT_EQ(overlaid.records.size(), 4U);
  EXPECT_EQ(overlaid.records[0].timestamp, seconds(0));
  EXPECT_EQ(overlaid.records[1].timestamp, seconds(0));
  EXPECT_EQ(overlaid.records[2].timestamp, seconds(10));
}

TEST(TraceCopies, ShareHotPrefixesAndNothingElse) {
  const Trace overlaid = overlay_copies(trace_of(200), 2).value();
  std::vector<std::uint64_t> own;
  for (const TraceRecord& record : overlaid.records) {
    EXPECT_EQ(overlaid.ids_of(record)[0], 7U);
    own.push_back(overlaid.ids_of(record)[1]);
  }
  std::ranges::sort(own);
  EXPECT_EQ(std::ranges::adjacent_find(own), own.end());
}

TEST(TraceCopies, ShareNoBlockThatOnlyLooksHot) {
  Trace trace = trace_of(200);
  trace.hash_ids[0] = 9;  // Block 7 first in 199 records, block 9 in one: 9 is not hot.
  const Trace overlaid = overlay_copies(trace, 2).value();
  EXPECT_EQ(std::ranges::count(overlaid.hash_ids, 9U), 1);
}

TEST(TraceCopies, GiveSessionsOfTheirOwnAndKeepTenants) {
  const Trace overlaid = overlay_copies(trace_of(50), 3).value();
  std::vector<std::uint64_t> sessions;
  for (const TraceRecord& record : overlaid.records) {
    sessions.push_back(record.labels.session);
    EXPECT_EQ(record.labels.tenant, 5U);
  }
  std::ranges::sort(sessions);
  EXPECT_EQ(std::ranges::adjacent_find(sessions), sessions.end());
}

TEST(TraceCopies, SpreadEqualTimestampsBeforeTheyAreOverlaid) {
  Trace trace = trace_of(20);
  for (std::size_t i = 0; i < 20; ++i) trace.records[i].timestamp = seconds(100 * (i / 10));
  const Trace overlaid = overlay_copies(trace, 2).value();
  for (std::size_t i = 1; i < overlaid.records.size(); ++i) {
    EXPECT_LT(overlaid.records[i].timestamp - overlaid.records[i - 1].timestamp, seconds(11));
  }
}

TEST(TraceCopies, LeaveAsMuchToComputePerRequest) {
  const Trace trace = trace_of(500);
  const auto one = Workload::make(trace, {}).value();
  const auto four = Workload::make(overlay_copies(trace, 4).value(), {}).value();
  const auto alone = static_cast<double>(uncached_tokens_at_best(one, 0)) / 500.0;
  const auto together = static_cast<double>(uncached_tokens_at_best(four, 0)) / 2000.0;
  EXPECT_NEAR(together, alone, 0.01 * alone);
}

TEST(TraceCopies, RefuseANumberOutOfRange) {
  EXPECT_EQ(overlay_copies(trace_of(1), 0).error().message, "copies: expected 1 to 1024, found 0");
  EXPECT_EQ(overlay_copies({}, 2).error().message, "copies: expected a trace with records");
}

}  // namespace
}  // namespace ringmaster::sim
