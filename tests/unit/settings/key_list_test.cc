#include "settings/key_list.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

namespace ringmaster {
namespace {

const KeyDescription* find(const std::vector<KeyDescription>& keys, std::string_view path) {
  const auto key = std::ranges::find(keys, path, &KeyDescription::key);
  return key == keys.end() ? nullptr : &*key;
}

TEST(KeyList, NamesKeysByTheirWholePath) {
  const auto keys = gateway_keys();
  ASSERT_NE(find(keys, "slo.ttft"), nullptr);
  EXPECT_EQ(find(keys, "slo.ttft")->default_value, "5s");
  ASSERT_NE(find(keys, "instances[].url"), nullptr);
  EXPECT_TRUE(find(keys, "instances[].url")->is_required);
  ASSERT_NE(find(keys, "policy.*"), nullptr);
}

TEST(KeyList, TakesDefaultsFromTheStruct) {
  const auto keys = gateway_keys();
  EXPECT_EQ(find(keys, "limits.body_bytes")->default_value, "32MiB");
  EXPECT_EQ(find(keys, "scheduler.queue")->default_value, "policy");
  EXPECT_EQ(find(keys, "log.format")->default_value, "text");
}

TEST(KeyList, SaysWhatEveryKeyDoes) {
  const auto is_mute = [](const KeyDescription& key) { return key.text.empty(); };
  EXPECT_TRUE(std::ranges::none_of(gateway_keys(), is_mute));
  EXPECT_TRUE(std::ranges::none_of(engine_keys(), is_mute));
}

}  // namespace
}  // namespace ringmaster
