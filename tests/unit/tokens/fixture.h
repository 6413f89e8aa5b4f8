#pragma once

#include <fstream>
#include <iterator>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "tokens/tokenizer.h"

namespace ringmaster {

/// The text of tests/fixtures/tokens/<name>.
inline std::string read_fixture(const std::string& name) {
  std::ifstream in(std::string(RINGMASTER_SOURCE_DIR "/tests/fixtures/tokens/") + name,
                   std::ios::binary);
  EXPECT_TRUE(in.good()) << name;
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// The tokenizer "llama3", "qwen2" or "gpt2" of the fixtures.
inline std::shared_ptr<const Tokenizer> fixture_tokenizer(const std::string& name) {
  const std::string file = name + "_tokenizer.json";
  auto tokenizer = Tokenizer::from_json(read_fixture(file), file);
  EXPECT_TRUE(tokenizer.has_value()) << tokenizer.error().message;
  return *tokenizer;
}

}  // namespace ringmaster
