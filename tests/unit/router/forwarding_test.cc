#include "router/forwarding.h"

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

http::RequestHead forwarded(const http::Fields& of_client, const HeaderSettings& hints) {
  http::RequestHead head;
  head.fields.add("x-request-id", "one");
  head.fields.add("x-session-id", "s");
  return forwarding_head(head, of_client, hints, "a", "between-us");
}

TEST(Forwarding, AddsTheInstanceAndTheKey) {
  const auto head = forwarded({}, {});
  EXPECT_EQ(*head.fields.find("x-ringmaster-forwarded-to"), "a");
  EXPECT_EQ(*head.fields.find("x-ringmaster-peer-key"), "between-us");
  EXPECT_EQ(*head.fields.find("x-request-id"), "one");
}

TEST(Forwarding, AddsWhatHintsAreReadFromAndAnInstanceWouldNotGet) {
  http::Fields of_client;
  of_client.add("authorization", "Bearer of-client");
  of_client.add("x-session-id", "s");
  const auto head = forwarded(of_client, {.tenant = "authorization"});
  EXPECT_EQ(*head.fields.find("authorization"), "Bearer of-client");
  EXPECT_EQ(forwarded(of_client, {}).fields.find("authorization"), nullptr);
}

TEST(Forwarding, BelievesOnlyWhoHasTheKey) {
  http::Fields fields;
  fields.add("x-ringmaster-forwarded-to", "a");
  EXPECT_EQ(forwarded_to(fields, ""), "");
  fields.add("x-ringmaster-peer-key", "between-us");
  EXPECT_EQ(forwarded_to(fields, "between-us"), "a");
  EXPECT_EQ(forwarded_to(fields, "between-uS"), "");
  EXPECT_EQ(forwarded_to(fields, ""), "");
}

TEST(Forwarding, TellsAnInstancesErrorFromARefusalOfItsOwner) {
  http::ResponseHead head;
  head.status = 503;
  EXPECT_EQ(judge_owner(head), OwnerAnswer::kNotTaken);
  head.fields.add("x-ringmaster-instance", "a");
  EXPECT_EQ(judge_owner(head), OwnerAnswer::kOfInstance);
  http::ResponseHead refusal;
  refusal.status = 429;
  refusal.fields.add("x-ringmaster-final", "true");
  EXPECT_EQ(judge_owner(refusal), OwnerAnswer::kFinal);
}

}  // namespace
}  // namespace ringmaster
