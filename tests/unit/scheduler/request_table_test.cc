#include "scheduler/request_table.h"

#include <map>

#include <gtest/gtest.h>

#include "base/random.h"

namespace ringmaster {
namespace {

TEST(RequestTable, FindsWhatIsLive) {
  RequestTable table;
  RequestRecord& record = table.insert({.id = {7}, .prompt_tokens = 5});
  EXPECT_EQ(table.find({7}), &record);
  EXPECT_EQ(table.find({8}), nullptr);
  table.erase(record);
  EXPECT_EQ(table.find({7}), nullptr);
  EXPECT_EQ(table.size(), 0U);
}

TEST(RequestTable, BeginsAFreshRecordInAUsedPlace) {
  RequestTable table;
  RequestRecord& first = table.insert({.id = {1}});
  first.attempt = 3;
  first.add_tried({2});
  table.erase(first);
  RequestRecord& second = table.insert({.id = {2}});
  EXPECT_EQ(&second, &first);
  EXPECT_EQ(second.attempt, 0U);
  EXPECT_TRUE(second.tried().empty());
}

TEST(RequestTable, SelectsByRequestId) {
  RequestTable table;
  for (const std::uint64_t id : {5U, 1U, 3U, 2U}) table.insert({.id = {id}});
  table.erase(*table.find({3}));
  std::vector<std::uint64_t> ids;
  for (const std::uint32_t index : table.select([](const RequestRecord&) { return true; })) {
    ids.push_back(table.at(index).spec.id.value);
  }
  EXPECT_EQ(ids, (std::vector<std::uint64_t>{1, 2, 5}));
}

TEST(RequestTable, BehavesAsAMapUnderRandomChanges) {
  Random random(6);
  RequestTable table;
  std::map<std::uint64_t, RequestRecord*> model;
  for (int step = 0; step < 60'000; ++step) {
    const std::uint64_t id = random.below(5000);
    const auto found = model.find(id);
    ASSERT_EQ(table.find({id}), found == model.end() ? nullptr : found->second);
    if (found == model.end()) {
      model[id] = &table.insert({.id = {id}});
    } else {
      table.erase(*found->second);
      model.erase(found);
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

}  // namespace
}  // namespace ringmaster
