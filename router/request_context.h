#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "http/client.h"
#include "router/active_sessions.h"
#include "router/directory.h"
#include "router/metrics.h"
#include "router/per_thread.h"
#include "router/scheduler_strand.h"
#include "router/trace_recorder.h"
#include "settings/gateway_settings.h"

namespace ringmaster {

/// What every request needs of the gateway. All of it outlives the requests.
struct RequestContext {
  const GatewaySettings* settings = nullptr;
  const Clock* clock = nullptr;
  LogSink* log = nullptr;
  SchedulerStrand* strand = nullptr;
  const PerThread<Directory>* directory = nullptr;
  Metrics* metrics = nullptr;
  TraceRecorder* trace = nullptr;  ///< Null: nothing is recorded.
  ActiveSessions* sessions = nullptr;
  boost::asio::any_io_executor pool;  ///< For work that would hold up a loop.
  std::uint64_t id_seed = 0;          ///< Of request ids; differs between processes.
  std::atomic<std::uint64_t>* next_number = nullptr;
  std::atomic<std::size_t>* buffered_bytes = nullptr;
  /// An attempt found the instance broken (true) or waited in vain for it (false). Any thread.
  std::function<void(const LiveInstancePtr&, bool is_broken)> on_instance_trouble;
  std::function<void(const PeerPtr&)> on_peer_trouble;  ///< An attempt found it broken. Any thread.
};

}  // namespace ringmaster
