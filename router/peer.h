#pragma once

#include <memory>
#include <string>

#include "http/client.h"

namespace ringmaster {

/// Another gateway before the same instances. Constant, so that all threads share it; outlives its
/// place among the peers while a request still uses it.
struct Peer {
  std::string id;
  std::string url;
  http::Endpoint endpoint;
};

using PeerPtr = std::shared_ptr<const Peer>;

}  // namespace ringmaster
