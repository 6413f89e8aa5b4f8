#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "http/client.h"

namespace ringmaster {

/// Another gateway before the same instances. Shared by all threads; outlives its place among the
/// peers while a request still uses it.
struct Peer {
  // Constant after construction.
  std::string id;
  std::string url;
  http::Endpoint endpoint;

  mutable std::atomic<bool> is_up{false};  ///< Answers, and may own instances. Relaxed.
};

using PeerPtr = std::shared_ptr<const Peer>;

}  // namespace ringmaster
