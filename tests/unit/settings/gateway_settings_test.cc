#include "settings/gateway_settings.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ringmaster {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

GatewaySettings parsed(std::string_view text) {
  auto settings = parse_gateway_settings(text, "f.yaml");
  EXPECT_TRUE(settings) << settings.error().front();
  return settings ? *settings : GatewaySettings{};
}

SettingsProblems problems_of(std::string_view text) {
  const auto settings = parse_gateway_settings(text, "f.yaml");
  return settings ? SettingsProblems{} : settings.error();
}

constexpr std::string_view kSmallest = R"(
listen: 127.0.0.1:8080
admin: {listen: 127.0.0.1:8081}
policy: {name: dualmap}
slo: {ttft: 5s}
instances:
  - {id: a, url: "http://127.0.0.1:9101", adapter: openai, model: m}
  - {id: b, url: "http://127.0.0.1:9102", adapter: openai, model: m}
)";

TEST(GatewaySettings, ReadsTheSmallestConfiguration) {
  const GatewaySettings settings = parsed(kSmallest);
  EXPECT_EQ(settings.listen, "127.0.0.1:8080");
  EXPECT_EQ(settings.admin_listen, "127.0.0.1:8081");
  EXPECT_EQ(settings.scheduler.policy.name, "dualmap");
  EXPECT_EQ(settings.scheduler.ttft_slo, 5s);
  ASSERT_EQ(settings.instances.size(), 2U);
  EXPECT_EQ(settings.instances[1].spec.name, "b");
  EXPECT_EQ(settings.instances[1].url, "http://127.0.0.1:9102");
  EXPECT_EQ(settings.instances[1].model, "m");
}

TEST(GatewaySettings, ReadsAShadowPolicyAsOnACommandLine) {
  EXPECT_FALSE(parsed("").scheduler.shadow);
  const auto plain = parsed("shadow: min_ttft").scheduler.shadow;
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->name, "min_ttft");
  const auto optioned = parsed("shadow: dualmap:variant=code").scheduler.shadow;
  ASSERT_TRUE(optioned);
  EXPECT_EQ(optioned->options.front().second, "code");
  EXPECT_THAT(problems_of("shadow: min_tft"),
              ElementsAre(AllOf(HasSubstr("f.yaml:1:9: shadow: unknown policy 'min_tft'"),
                                HasSubstr("did you mean 'min_ttft'?"))));
  EXPECT_THAT(problems_of("shadow: \"dualmap:variant\""),
              ElementsAre(HasSubstr("shadow: must be name or name:option=value,...")));
}

TEST(GatewaySettings, ReadsWhichDecisionsAreExplained) {
  const auto usual = parsed("").scheduler.explain;
  EXPECT_EQ(usual.kept, 256U);
  EXPECT_EQ(usual.interval, 10ms);
  EXPECT_TRUE(usual.others);
  const auto all = parsed("explain: {decisions: 4, interval: 0s, others: false}").scheduler.explain;
  EXPECT_EQ(all.kept, 4U);
  EXPECT_EQ(all.interval, 0s);
  EXPECT_FALSE(all.others);
  EXPECT_THAT(problems_of("explain: {decisions: 65537}"),
              ElementsAre(HasSubstr("explain.decisions: must be a whole number in [0, 65536]")));
}

TEST(GatewaySettings, TakesDefaultsForWhatIsLeftOut) {
  const GatewaySettings settings = parsed("");
  EXPECT_EQ(settings.listen, "127.0.0.1:8080");
  EXPECT_EQ(settings.limits.body_bytes, 33'554'432U);
  EXPECT_EQ(settings.deadlines.connect, 2s);
  EXPECT_FALSE(settings.scheduler.queue.has_value());
  EXPECT_FALSE(settings.scheduler.dispatch_window_requests.has_value());
}

TEST(GatewaySettings, ReadsSchedulerOptionsAndLeavesThePolicysOwnOnRequest) {
  const GatewaySettings settings = parsed(
      "scheduler: {queue: longest_hit, rebalance: policy, dispatch_window_requests: 2}\n"
      "retry: {attempts: 1, budget: 0.5}\n");
  EXPECT_EQ(settings.scheduler.queue, QueueDiscipline::kLongestHit);
  EXPECT_FALSE(settings.scheduler.rebalancing.has_value());
  EXPECT_EQ(settings.scheduler.dispatch_window_requests, 2U);
  EXPECT_EQ(settings.scheduler.attempts_max, 1U);
  EXPECT_EQ(settings.scheduler.retry_budget_share, 0.5);
}

TEST(GatewaySettings, ReadsOptionsOfThePolicyAsText) {
  const GatewaySettings settings = parsed("policy: {name: dualmap, variant: code}");
  ASSERT_EQ(settings.scheduler.policy.options.size(), 1U);
  EXPECT_EQ(settings.scheduler.policy.options[0].first, "variant");
  EXPECT_EQ(settings.scheduler.policy.options[0].second, "code");
}

TEST(GatewaySettings, FindsTheEntryOfAModel) {
  const GatewaySettings settings =
      parsed("models: [{name: m, tokenizer: /models/m, block_tokens: 32}]");
  ASSERT_NE(settings.model("m"), nullptr);
  EXPECT_EQ(settings.model("m")->block_tokens, 32U);
  EXPECT_EQ(settings.model("other"), nullptr);
}

TEST(GatewaySettings, ReportsEveryProblemInFileOrder) {
  EXPECT_THAT(problems_of("listen: here\n"
                          "slo:\n"
                          "  tfft: 1s\n"
                          "  ttft: 5\n"
                          "threads: -1\n"),
              ElementsAre(HasSubstr("f.yaml:1:9: listen: must be host:port"),
                          "f.yaml:3:3: slo.tfft: unknown key; did you mean ttft?",
                          HasSubstr("f.yaml:4:9: slo.ttft: must be a duration"),
                          HasSubstr("f.yaml:5:10: threads: must be a whole number in [0, 1024]")));
}

TEST(GatewaySettings, RefusesAKeyGivenTwice) {
  EXPECT_THAT(problems_of("threads: 1\nthreads: 2\n"),
              ElementsAre("f.yaml:2:1: threads: is given twice"));
}

TEST(GatewaySettings, NamesTheInstanceThatLacksAKey) {
  EXPECT_THAT(problems_of("instances:\n  - {id: a, model: m}\n"),
              ElementsAre(HasSubstr("f.yaml:2:5: instances[0].url: is missing")));
}

TEST(GatewaySettings, RefusesTwoInstancesOfOneId) {
  EXPECT_THAT(problems_of("instances:\n"
                          "  - {id: a, url: \"http://h:1\", model: m}\n"
                          "  - {id: a, url: \"http://h:2\", model: m}\n"),
              ElementsAre("f.yaml:3:10: instances[1].id: \"a\" is already the id of entry 0"));
}

TEST(GatewaySettings, RefusesWhatIsNoMapping) {
  EXPECT_THAT(problems_of("- a"), ElementsAre(HasSubstr("f.yaml:1:1: must be a mapping")));
  EXPECT_THAT(problems_of("log:"), ElementsAre(HasSubstr("log: must be a mapping, is empty")));
}

TEST(GatewaySettings, ReportsBrokenSyntaxWithItsPlace) {
  EXPECT_THAT(problems_of("listen: [\n"), ElementsAre(HasSubstr("f.yaml:2:1: not valid YAML")));
}

TEST(GatewaySettings, RefusesASecondDocument) {
  EXPECT_THAT(problems_of("threads: 1\n---\nthreads: 2\n"),
              ElementsAre(HasSubstr("only one document")));
}

TEST(GatewaySettings, NamesTheNearestPolicyAndThePlaceOfABadOption) {
  EXPECT_THAT(problems_of("policy: {name: dualmpa}"),
              ElementsAre(AllOf(HasSubstr("f.yaml:1:16: policy.name: unknown policy"),
                                HasSubstr("dualmap"))));
  EXPECT_THAT(problems_of("policy:\n  name: dualmap\n  variant: cdoe\n  rebalence: on\n"),
              ElementsAre(HasSubstr("f.yaml:3:12: policy.variant: "),
                          HasSubstr("f.yaml:4:14: policy.rebalence: ")));
}

TEST(GatewaySettings, ReadsThePartsBesideThePolicy) {
  const GatewaySettings settings = parsed(
      "policy: {name: min_ttft}\n"
      "filters: [{name: load_gap}, {name: utilization, limit: 2}]\n"
      "veto: {name: predicted_peak, reserve: 0.1}\n"
      "admission: {name: early_rejection}\n"
      "scheduler: {queue: on_time, rebalance: freeness}\n");
  ASSERT_EQ(settings.scheduler.filters.size(), 2U);
  EXPECT_EQ(settings.scheduler.filters[1].name, "utilization");
  EXPECT_EQ(settings.scheduler.filters[1].options[0].second, "2");
  EXPECT_EQ(settings.scheduler.veto->name, "predicted_peak");
  EXPECT_EQ(settings.scheduler.admission->name, "early_rejection");
  EXPECT_EQ(settings.scheduler.rebalancing, Rebalancing::kFreeness);
  EXPECT_FALSE(parsed("").scheduler.veto.has_value());
}

TEST(GatewaySettings, NamesThePlaceOfABadPart) {
  EXPECT_THAT(problems_of("filters:\n  - {name: load_gap}\n  - {name: load_gpa}\n"
                          "veto: {name: predicted_peak, reserve: 2}\n"
                          "admission: {reject_above: 1}\n"),
              ElementsAre(HasSubstr("f.yaml:3:12: filters[1].name: unknown filter 'load_gpa' (did "
                                    "you mean 'load_gap'?)"),
                          HasSubstr("f.yaml:4:39: veto.reserve: veto predicted_peak: "),
                          HasSubstr("admission.name: is missing")));
}

TEST(GatewaySettings, GuessesNoKeyThatIsFarFromWhatIsWritten) {
  EXPECT_THAT(problems_of("foo: 1\n"), ElementsAre("f.yaml:1:1: foo: unknown key"));
  EXPECT_THAT(problems_of("slx: 1\n"),
              ElementsAre("f.yaml:1:1: slx: unknown key; did you mean slo?"));
}

TEST(GatewaySettings, ReadsTheAdaptersOfAModel) {
  EXPECT_THAT(parsed("models: [{name: m, adapters: [a, b]}]").model("m")->adapters,
              ElementsAre("a", "b"));
  EXPECT_THAT(problems_of("models: [{name: m, adapters: [\"\"]}]"),
              ElementsAre(HasSubstr("models[0].adapters[0]: must be a name of 1 to 512 bytes")));
}

TEST(GatewaySettings, RefusesAnAdapterThatIsNotOfOneModelAlone) {
  EXPECT_THAT(problems_of("models: [{name: m, adapters: [a, a]}]"),
              ElementsAre(HasSubstr("models[0].adapters: \"a\" is already an adapter of \"m\"")));
  EXPECT_THAT(problems_of("models: [{name: m, adapters: [a]}, {name: n, adapters: [a]}]"),
              ElementsAre(HasSubstr("models[1].adapters: \"a\" is already an adapter of \"m\"")));
  EXPECT_THAT(problems_of("models: [{name: m}, {name: n, adapters: [m]}]"),
              ElementsAre(HasSubstr("models[1].adapters: \"m\" is the name of a model")));
  EXPECT_THAT(problems_of("models: [{name: m, adapters: [n]}, {name: n}]"),
              ElementsAre(HasSubstr("models[1].name: \"n\" is already an adapter of \"m\"")));
}

TEST(GatewaySettings, NeverRepeatsAnApiKey) {
  EXPECT_THAT(problems_of("api_keys: [secret]"),
              ElementsAre("f.yaml:1:12: api_keys[0]: must be a key of at least 8 characters"));
}

TEST(GatewaySettings, ReadsThePeersOfAGateway) {
  const auto settings = parse_gateway_settings(
      "peers: {id: a, key: between-us, gateways: [{id: b, url: 'http://10.0.0.2:8080'}]}",
      "f.yaml");
  ASSERT_TRUE(settings);
  EXPECT_EQ(settings->peers.id, "a");
  EXPECT_EQ(settings->peers.key, "between-us");
  ASSERT_EQ(settings->peers.gateways.size(), 1U);
  EXPECT_EQ(settings->peers.gateways[0].id, "b");
  EXPECT_EQ(settings->peers.gateways[0].url, "http://10.0.0.2:8080");
}

TEST(GatewaySettings, RefusesPeersThatCannotKnowEachOther) {
  EXPECT_THAT(problems_of("peers: {gateways: [{id: b, url: 'http://b'}]}"),
              ElementsAre(HasSubstr("peers.gateways: needs peers.id"),
                          HasSubstr("peers.gateways: needs peers.key")));
  EXPECT_THAT(problems_of("peers: {id: a, key: between-us, gateways: [{id: a, url: 'http://b'}]}"),
              ElementsAre(HasSubstr("peers.gateways[0].id: \"a\" is the id of this gateway")));
  EXPECT_THAT(problems_of("peers: {id: a, key: short}"),
              ElementsAre(HasSubstr("peers.key: must be 8 to 1024 printable ASCII characters")));
  EXPECT_THAT(problems_of("peers: {id: a, key: \"between us\"}"),
              ElementsAre(HasSubstr("peers.key: must be 8 to 1024 printable ASCII characters")));
}

TEST(GatewaySettings, RefusesNotANumber) {
  EXPECT_THAT(problems_of("retry: {budget: nan}"), ElementsAre(HasSubstr("retry.budget")));
}

}  // namespace
}  // namespace ringmaster
