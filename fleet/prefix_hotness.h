#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "tokens/block_hash.h"

namespace ringmaster {

/// How deep hash keys go.
struct HotnessOptions {
  enum class Form : std::uint8_t {
    kPaper,  ///< Shares of all requests against 2/n and 1/n; keys grow and shrink.
    kCode,   ///< The constants and the behaviour of DualMap's official code.
  };
  static constexpr std::uint32_t kWindowRequestsMin = 20;
  static constexpr std::uint32_t kWindowRequestsMax = 65'536;
  static constexpr std::uint32_t kKeyBlocksMax = 256;

  Form form = Form::kPaper;
  /// Requests in the sliding window; 0: 200 in the code form, else max(1000, 16 per instance), so
  /// that 2/n is a count that means something.
  std::uint32_t window_requests = 0;
  std::uint32_t key_blocks_max = 64;

  bool operator==(const HotnessOptions&) const = default;
};

/// Decides how many leading blocks of a chain are its hash key: more where a prefix is so common
/// that its two homes alone could not carry it.
///
/// The key of a request is chosen before the request itself is observed.
class PrefixHotness {
 public:
  virtual ~PrefixHotness() = default;

  /// In [1, chain.size()]; 0 for an empty chain.
  [[nodiscard]] virtual std::uint32_t key_blocks(std::span<const BlockHash> chain) const = 0;

  /// Counts a request. Requires: instance_count > 0.
  virtual void observe(std::span<const BlockHash> chain, std::uint32_t instance_count) = 0;
};

/// Requires: options in their ranges.
[[nodiscard]] std::unique_ptr<PrefixHotness> make_prefix_hotness(const HotnessOptions& options);

}  // namespace ringmaster
