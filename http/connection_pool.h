#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "http/channel.h"
#include "http/client.h"

namespace ringmaster::http {

/// Idle connections of one thread, by "host:port", and buffers for those in use. An idle
/// connection that its peer closes, or that is idle for too long, leaves by itself.
/// Used on its thread only.
class ConnectionPool {
 public:
  explicit ConnectionPool(const ClientOptions& options);
  ~ConnectionPool();
  ConnectionPool(const ConnectionPool&) = delete;
  ConnectionPool& operator=(const ConnectionPool&) = delete;

  /// The connection used last, or null.
  [[nodiscard]] std::shared_ptr<Channel> take(const std::string& authority);

  /// Requires: an open channel whose last answer was read to its end.
  void put(const std::string& authority, std::shared_ptr<Channel> channel);

  [[nodiscard]] std::string take_buffer();
  void put_buffer(std::string buffer);

  [[nodiscard]] const ClientOptions& options() const { return options_; }

  /// Closes all; what is put later is closed, too.
  void close();

 private:
  using Idle = std::vector<std::shared_ptr<Channel>>;

  static void drop(Idle& idle, const Channel* channel);
  void forget_unused_endpoints();

  ClientOptions options_;
  bool is_closed_ = false;
  std::unordered_map<std::string, Idle> idle_;
  std::vector<std::string> buffers_;
};

}  // namespace ringmaster::http
