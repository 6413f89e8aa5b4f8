#pragma once

#include <cstdint>
#include <optional>

#include "base/clock.h"
#include "fleet/instance.h"
#include "fleet/request.h"

namespace ringmaster {

/// A request at one point of its life, for those who learn from it. Lives for one call.
struct ObservedRequest {
  const RequestSpec& request;
  InstanceId instance;  ///< Where it was sent.
  TimePoint now{};
  Duration since_arrival{};
  std::uint32_t booked_tokens = 0;             ///< Uncached prompt tokens, as expected there.
  std::optional<std::uint32_t> output_tokens;  ///< Once it has finished well.
};

/// Hears what becomes of the requests that were placed. Policies and the parts beside them that
/// learn from the past implement it; whoever does not is never called.
///
/// Each dispatched() is followed by at most one first_token(), then by one ended(): finished,
/// failed, cancelled, or its instance left. A retry begins with dispatched() again. Not
/// thread-safe.
class RequestObserver {
 public:
  virtual ~RequestObserver() = default;

  virtual void dispatched(const ObservedRequest& /*seen*/) {}
  /// Not called where the first token cannot be seen (an answer that is not streamed).
  virtual void first_token(const ObservedRequest& /*seen*/) {}
  virtual void ended(const ObservedRequest& /*seen*/) {}
  /// The slot may be another instance's from now on.
  virtual void instance_left(InstanceId /*instance*/) {}
};

}  // namespace ringmaster
