#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "fleet/request.h"
#include "policies/recent_map.h"
#include "policies/sorted_window.h"

namespace ringmaster {

/// The lengths of the last outputs, of all requests and by the beginning of their prompts: what a
/// guess at the length of the next one can be drawn from. It learns from finished requests only.
///
/// A request's own kind (tenant, adapter and first block) is asked where it has kKindSamplesMin
/// outputs, else the history of all. Bounded: the last `samples_max` lengths of all, the last
/// kKindSamplesMax of each of the kKindsMax kinds used last.
/// Source of the use of history in place of a prediction: Past-Future (arXiv 2507.10150).
class OutputHistory {
 public:
  static constexpr std::size_t kKindSamplesMin = 20;
  static constexpr std::size_t kKindSamplesMax = 64;
  static constexpr std::size_t kKindsMax = 1024;

  /// Requires: samples_max > 0.
  explicit OutputHistory(std::size_t samples_max) : all_(samples_max), kinds_(kKindsMax) {}

  /// What outputs of a kind have in common. Never its text.
  [[nodiscard]] static std::uint64_t kind_of(const RequestSpec& request);

  /// O(samples).
  void finished(const RequestSpec& request, std::uint32_t output_tokens);

  /// The length at this share of the sorted lengths above `longer_than`; none if there are none.
  /// `share` in [0, 1). O(log samples).
  [[nodiscard]] std::optional<std::uint32_t> at_share(std::uint64_t kind, double share,
                                                      std::uint32_t longer_than = 0);

 private:
  using Window = SortedWindow<std::uint32_t>;

  Window all_;
  RecentMap<Window> kinds_;
};

}  // namespace ringmaster
