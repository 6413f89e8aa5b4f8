#pragma once

#include <chrono>

#include "base/clock.h"

namespace ringmaster::http {

/// The clock of the live services.
class SteadyClock final : public Clock {
 public:
  [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
};

}  // namespace ringmaster::http
