#pragma once

#include <cstddef>

#include "policies/sorted_window.h"

namespace ringmaster {

/// The last pauses of sessions between an answer and the next request, in seconds.
class PauseHistory {
 public:
  static constexpr std::size_t kPausesMin = 20;  ///< Fewer say too little.
  static constexpr std::size_t kPausesMax = 256;

  /// O(kPausesMax).
  void add(double seconds) { pauses_.add(seconds); }

  [[nodiscard]] bool is_known() const { return pauses_.sorted().size() >= kPausesMin; }

  /// The time to keep something for that pays best: `gain_seconds` if its session comes back in
  /// time, at `price` a second; 0 if none pays. O(kPausesMax).
  [[nodiscard]] double best_seconds(double gain_seconds, double price) const;

 private:
  SortedWindow<double> pauses_{kPausesMax};
};

}  // namespace ringmaster
