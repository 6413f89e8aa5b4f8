#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "base/result.h"
#include "fleet/request.h"
#include "http/client.h"
#include "router/live_instance.h"
#include "router/peer.h"

namespace ringmaster {

class ModelFleet;

/// Where the scheduler wants a request to go.
struct Assignment {
  LiveInstancePtr instance;
  PeerPtr owner;  ///< The gateway to forward to; null: send it to the instance.
  std::uint32_t attempt = 1;
  std::uint32_t fleet = 0;  ///< Number of the model's fleet; with `decision` it names the decision.
  std::uint64_t decision = 0;
  std::string_view reason;  ///< Static.
  std::uint32_t expected_cached_tokens = 0;
};

/// Why it goes nowhere.
struct Refusal {
  Error error;
  std::optional<Duration> retry_after;
};

/// What ties a request's session to the scheduler's strand: the strand delivers, the session waits.
///
/// Its deliveries hop to the session's executor, so session members need no lock. Held by both
/// sides; the strand forgets it when the request is over.
class Ticket : public std::enable_shared_from_this<Ticket> {
 public:
  explicit Ticket(boost::asio::any_io_executor session);

  /// The instance that another gateway chose, which forwarded the request to us; empty: none did.
  /// Constant once submitted.
  std::string forwarded_to;

  // --- Session only -------------------------------------------------------------------------

  /// The next assignment or the refusal. Fails with kCancelled when the client goes away.
  [[nodiscard]] boost::asio::awaitable<tl::expected<Assignment, Refusal>> next();

  /// From now on `abort` is used when the scheduler takes this attempt back.
  void begin_attempt(std::uint32_t attempt, http::AbortHandle& abort);
  /// `abort` is not used any more. True if the attempt was taken back.
  bool end_attempt();

  /// From now on a byte may have gone to the client: what is delivered later is declined, by a
  /// call of `decline` on the session's executor.
  void commit(std::function<void()> decline);

  // --- Strand only --------------------------------------------------------------------------

  RequestId id;
  ModelFleet* fleet = nullptr;  ///< Null until submitted, and again once it is over.

  void deliver(Assignment assignment);
  void deliver(Refusal refusal);
  void take_back(std::uint32_t attempt);

 private:
  boost::asio::any_io_executor session_;  // Constant.

  // Session only.
  boost::asio::steady_timer wake_;
  std::optional<Assignment> assignment_;
  std::optional<Refusal> refusal_;
  std::uint32_t attempt_ = 0;     // The last one begun.
  std::uint32_t taken_back_ = 0;  // The last one taken back.
  http::AbortHandle* abort_ = nullptr;
  std::function<void()> decline_;
};

}  // namespace ringmaster
