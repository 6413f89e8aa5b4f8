#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/clock.h"
#include "policies/published_form.h"
#include "scheduler/wait_queue.h"

namespace ringmaster {

/// What an order may know of an instance when it picks the next of its held requests.
struct PickContext {
  TimePoint now{};
  double prefill_seconds_per_token = 0.0;  ///< As prefills go now, whatever slows them included.
  std::uint64_t sent_tokens = 0;  ///< Being prefilled there now: ahead of whatever is picked.
};

/// A queue discipline: in which order the requests held for an instance are dispatched.
///
/// One object serves every queue of a scheduler. A request's rank sorts it among those of its
/// priority, smaller first, and is frozen while it is held; the next one to go is pick()ed from
/// that array, for most orders its front. Priority classes stand above every order. Not
/// thread-safe.
class QueueOrder {
 public:
  virtual ~QueueOrder() = default;

  /// O(1).
  [[nodiscard]] virtual std::int64_t rank(const Waiting& waiting) const = 0;

  /// Index of the next one to go. `leading`: the held requests of the highest priority there, by
  /// rank, then arrival; not empty.
  [[nodiscard]] virtual std::size_t pick(std::span<const Waiting> leading,
                                         const PickContext& context);

  /// Uncached tokens of those that now stand behind whatever comes later; 0 unless the order puts
  /// requests aside. `leading` as for pick(). Costs at most what a pick does.
  [[nodiscard]] virtual std::uint64_t put_aside_tokens(std::span<const Waiting> leading,
                                                       const PickContext& context);

  // What happens to requests, for orders that keep count. O(1).
  virtual void held(const Waiting& waiting);
  virtual void unheld(const Waiting& waiting);  ///< Dispatched from the queue, moved or gone.
  virtual void dispatched(std::uint64_t tenant, std::uint32_t uncached_tokens);
};

/// `ttft_slo` is the fleet's default target: what "waited too long" is measured by.
[[nodiscard]] std::unique_ptr<QueueOrder> make_queue_order(QueueDiscipline discipline,
                                                           Duration ttft_slo);

}  // namespace ringmaster
