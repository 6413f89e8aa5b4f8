#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "base/clock.h"
#include "router/line_sink.h"
#include "tokens/block_hash.h"

namespace ringmaster {

/// The ids of a prompt in the Mooncake format: one per 512 tokens, the last may stand for fewer.
/// Ids come from chain hashes cut to 53 bits, so that every JSON reader keeps them; tokens behind
/// the last full block of the chain get an id of their own, made from `request`.
[[nodiscard]] std::vector<std::uint64_t> trace_ids(const PrefixChain& chain,
                                                   std::uint32_t block_tokens,
                                                   std::uint32_t prompt_tokens,
                                                   std::uint64_t request);

/// Writes one trace record per request: times, lengths, ids and what its headers said of it (names
/// as hashes), never text.
///
/// Records come in the order of arrival, as readers of traces expect, so one waits for the end of
/// those before it; beyond 65,536 waiting ones the oldest is written with no output.
class TraceRecorder {
 public:
  /// `executor` runs one thing at a time; `sink` outlives its work.
  TraceRecorder(boost::asio::any_io_executor executor, LineSink& sink, TimePoint start);

  struct Arrival {
    std::uint64_t number = 0;  ///< Unique.
    TimePoint time{};
    std::uint32_t prompt_tokens = 0;
    std::uint32_t block_tokens = 16;
    std::uint64_t session = 0;  ///< As in RequestSpec, and what follows.
    std::uint64_t tenant = 0;
    std::uint64_t adapter = 0;
    std::int32_t priority = 0;
    std::uint32_t steps_to_execution = 0;
    PrefixChain chain;
  };

  // Any thread; the arrival of a request before its end.
  void arrived(Arrival arrival);
  void ended(std::uint64_t number, std::uint32_t output_tokens);

 private:
  struct Pending {
    std::uint64_t number = 0;
    std::string line;  ///< All but the output length.
    std::uint32_t output_tokens = 0;
    bool is_over = false;
  };

  void add(const Arrival& arrival);
  void write_ready();

  boost::asio::any_io_executor executor_;
  LineSink* sink_;
  TimePoint start_;

  // On the executor only.
  std::deque<Pending> pending_;
  TimePoint last_{};
};

}  // namespace ringmaster
