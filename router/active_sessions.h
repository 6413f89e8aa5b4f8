#pragma once

#include <cstddef>
#include <unordered_set>
#include <vector>

#include <boost/asio/post.hpp>

#include "base/check.h"
#include "http/io_threads.h"

namespace ringmaster {

class RequestSession;

/// The sessions of each I/O thread, so that a shutdown can end them with a word instead of a cut.
class ActiveSessions {
 public:
  explicit ActiveSessions(http::IoThreads& threads) : threads_(&threads), slots_(threads.size()) {}

  // On the session's own thread.
  void add(RequestSession& session) { local().insert(&session); }
  void remove(RequestSession& session) { local().erase(&session); }

  /// Any thread: calls `action` with each session, on its own thread.
  template <class Action>
  void for_each(Action action) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      boost::asio::post(threads_->executor(i), [sessions = &slots_[i].sessions, action] {
        for (auto* session : *sessions) action(*session);
      });
    }
  }

 private:
  struct alignas(64) Slot {
    std::unordered_set<RequestSession*> sessions;
  };

  std::unordered_set<RequestSession*>& local() {
    const auto index = threads_->current();
    RINGMASTER_CHECK(index < slots_.size());
    return slots_[index].sessions;
  }

  http::IoThreads* threads_;
  std::vector<Slot> slots_;
};

}  // namespace ringmaster
