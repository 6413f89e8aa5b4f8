#include "policies/policy_parts.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

#include "policies/policy_registry.h"

namespace ringmaster {
namespace {

TEST(PolicyParts, AreSwitchedOffByOptionsThatThePolicyKnows) {
  for (const std::string_view policy : policies_with_parts()) {
    for (const PolicyPart& part : policy_parts(policy)) {
      if (part.option.empty()) continue;
      PolicyConfig config{.name = std::string(policy)};
      config.options.emplace_back(part.option, part.off);
      const auto made = make_policy(config, 1);
      EXPECT_TRUE(made) << policy << ": " << (made ? "" : made.error().message);
    }
  }
}

TEST(PolicyParts, ChangeOneThingEach) {
  for (const std::string_view policy : policies_with_parts()) {
    std::set<std::string_view> names;
    for (const PolicyPart& part : policy_parts(policy)) {
      const int changes = (part.option.empty() ? 0 : 1) + (part.queue ? 1 : 0) +
                          (part.rebalancing ? 1 : 0) + (part.window_requests ? 1 : 0);
      EXPECT_EQ(changes, 1) << policy << ": " << part.name;
      EXPECT_FALSE(part.what.empty()) << policy << ": " << part.name;
      EXPECT_TRUE(names.insert(part.name).second) << policy << ": " << part.name << " twice";
    }
  }
}

TEST(PolicyParts, OfTheFormAreInThePublishedForm) {
  for (const std::string_view policy : policies_with_parts()) {
    const auto made = make_policy({.name = std::string(policy)}, 1);
    ASSERT_TRUE(made) << policy;
    const PublishedForm form = (*made)->published_form();
    for (const PolicyPart& part : policy_parts(policy)) {
      if (part.queue) {
        EXPECT_NE(form.queue, *part.queue) << policy << ": " << part.name;
      }
      if (part.window_requests) {
        EXPECT_NE(form.dispatch_window_requests, *part.window_requests) << policy;
      }
    }
  }
}

TEST(PolicyParts, AreEmptyForAPolicyWithoutAny) {
  EXPECT_TRUE(policy_parts("random").empty());
}

}  // namespace
}  // namespace ringmaster
