#include <string>

#include <gtest/gtest.h>

#include "engine/cuda/tuning_file.h"

namespace ringmaster::engine::cuda {
namespace {

constexpr TuningKey kKey{.rows = 64, .inputs = 3584, .outputs = 4608, .has_bias = true};
constexpr TuningChoice kChoice{1, 2, 0xffffffffffffffffULL, 4, 5, 6, 7, 0x0123456789abcdefULL};

TEST(TuningFile, ReadsWhatItWrote) {
  TuningFile written("", "card, library 1");
  written.put(kKey, kChoice);
  TuningFile read("", "card, library 1");
  ASSERT_TRUE(read.read(written.text()));
  ASSERT_NE(read.find(kKey), nullptr);
  EXPECT_EQ(*read.find(kKey), kChoice);
  EXPECT_EQ(read.find({.rows = 128, .inputs = 3584, .outputs = 4608, .has_bias = true}), nullptr);
}

TEST(TuningFile, IgnoresAnotherCardOrLibrary) {
  TuningFile written("", "card, library 1");
  written.put(kKey, kChoice);
  TuningFile read("", "card, library 2");
  EXPECT_FALSE(read.read(written.text()));
  EXPECT_EQ(read.find(kKey), nullptr);
}

TEST(TuningFile, IsEmptyIfALineIsBroken) {
  TuningFile written("", "card");
  written.put(kKey, kChoice);
  const std::string text = written.text();
  for (const std::string& broken :
       {text.substr(0, text.size() - 18), text.substr(0, text.size() - 2),
        text.substr(0, text.size() - 1), text.substr(0, text.size() - 1) + " 8\n",
        text + "1 2 3 f64 plain\n", text + "x\n", std::string()}) {
    TuningFile read("", "card");
    EXPECT_FALSE(read.read(broken));
    EXPECT_EQ(read.find(kKey), nullptr);
  }
}

}  // namespace
}  // namespace ringmaster::engine::cuda
