#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tokens/block_hash.h"

namespace ringmaster {

/// Takes what an instance says of its prefix cache, in order.
class KvEventSink {
 public:
  virtual ~KvEventSink() = default;

  virtual void stored(std::vector<BlockHash> blocks) = 0;
  virtual void removed(std::vector<BlockHash> blocks) = 0;
  virtual void cleared() = 0;

  /// How far the stream has been read: kept between two calls of follow_kv_events().
  struct Place {
    std::string epoch;       ///< Life of the engine process; empty: nothing read yet.
    std::uint64_t next = 0;  ///< The sequence number expected next.
    bool operator==(const Place&) const = default;
  };
  Place place;
};

}  // namespace ringmaster
