#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ringmaster::sim {

/// A prompt by what it is made of, as ids of the Mooncake format.
///
/// Two prompts that begin with the same contents of the same lengths share the ids of the full
/// blocks in which they do. Ids are hashes of 53 bits: a million of them collide with a chance of
/// about 1 in 18,000.
class GrowingPrompt {
 public:
  /// Adds `tokens` tokens of what `content` stands for; equal numbers are equal contents.
  void append(std::uint64_t content, std::uint32_t tokens);

  [[nodiscard]] std::uint32_t tokens() const { return tokens_; }

  /// Appends the ids to `ids`: one per block, the last one possibly partial.
  void write_ids(std::vector<std::uint64_t>& ids) const;

 private:
  [[nodiscard]] std::uint64_t id_of(std::size_t block) const;

  std::uint64_t path_ = 0;  // Of all contents so far, chained.
  std::uint32_t tokens_ = 0;
  std::vector<std::uint64_t> full_blocks_;
};

}  // namespace ringmaster::sim
