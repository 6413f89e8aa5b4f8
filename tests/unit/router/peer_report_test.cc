#include "router/peer_report.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

std::string error_of(std::string_view json) {
  const auto read = parse_peer_report(json);
  return read ? "no error" : read.error().message;
}

TEST(PeerReport, ReadsBackWhatItSays) {
  const InstanceReport report{.running_requests = 1,
                              .waiting_requests = 2,
                              .queued_prefill_tokens = 300,
                              .put_aside_tokens = 40};
  const auto text =
      peer_report_json({.gateway = "left", .loads = {{.id = "a", .model = "m", .report = report}}});
  const auto read = parse_peer_report(text).value();
  EXPECT_EQ(read.gateway, "left");
  const auto& loads = read.loads;
  ASSERT_EQ(loads.size(), 1U);
  EXPECT_EQ(loads[0].id, "a");
  EXPECT_EQ(loads[0].model, "m");
  EXPECT_EQ(loads[0].report.running_requests, 1U);
  EXPECT_EQ(loads[0].report.waiting_requests, 2U);
  EXPECT_EQ(loads[0].report.queued_prefill_tokens, 300U);
  EXPECT_EQ(loads[0].report.put_aside_tokens, 40U);
  EXPECT_TRUE(loads[0].report.is_of_owner);
}

TEST(PeerReport, NamesTheFieldThatIsWrong) {
  EXPECT_EQ(error_of("[]"), "peer report: must be a JSON object with \"instances\"");
  EXPECT_EQ(error_of(R"({"instances":[]})"), "peer report: \"gateway\" must be a name");
  EXPECT_EQ(error_of(R"({"gateway":"b","instances":[{"model":"m"}]})"),
            "peer report: \"id\" must be a name");
  EXPECT_EQ(error_of(R"({"gateway":"b","instances":[{"id":"a","model":"m","running":-1}]})"),
            "peer report: \"running\" must be a count");
  EXPECT_EQ(
      error_of(R"({"gateway":"b","instances":[{"id":"a","model":"m","running":4294967296}]})"),
      "peer report: \"running\" must be a count");
}

}  // namespace
}  // namespace ringmaster
