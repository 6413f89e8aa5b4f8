#include "http/connection_pool.h"

#include <algorithm>
#include <utility>

namespace ringmaster::http {
namespace {

constexpr std::size_t kBuffersMax = 64;

/// Instances come and go; their names must not add up for ever.
constexpr std::size_t kEndpointsBeforeCleanup = 1'024;

}  // namespace

ConnectionPool::ConnectionPool(const ClientOptions& options) : options_(options) {}

ConnectionPool::~ConnectionPool() {
  close();
}

std::shared_ptr<Channel> ConnectionPool::take(const std::string& authority) {
  const auto found = idle_.find(authority);
  if (found == idle_.end() || found->second.empty()) return nullptr;
  auto channel = std::move(found->second.back());
  found->second.pop_back();
  channel->unwatch();
  channel->set_deadline(Channel::kNever);
  return channel;
}

void ConnectionPool::put(const std::string& authority, std::shared_ptr<Channel> channel) {
  if (is_closed_) return channel->close();
  if (idle_.size() >= kEndpointsBeforeCleanup) forget_unused_endpoints();
  auto& idle = idle_[authority];
  if (idle.size() >= options_.idle_connections_max) return channel->close();
  channel->set_deadline(std::chrono::steady_clock::now() + options_.idle_timeout);
  // The map never moves its values, and a channel is watched only while it is in the list.
  channel->watch([&idle, raw = channel.get()] { drop(idle, raw); });
  idle.push_back(std::move(channel));
}

void ConnectionPool::drop(Idle& idle, const Channel* channel) {
  const auto found = std::find_if(idle.begin(), idle.end(),
                                  [&](const auto& entry) { return entry.get() == channel; });
  if (found == idle.end()) return;
  (*found)->close();
  idle.erase(found);
}

void ConnectionPool::forget_unused_endpoints() {
  std::erase_if(idle_, [](const auto& entry) { return entry.second.empty(); });
}

std::string ConnectionPool::take_buffer() {
  if (buffers_.empty()) return std::string(options_.read_buffer_bytes, '\0');
  auto buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void ConnectionPool::put_buffer(std::string buffer) {
  const bool has_usual_size = buffer.size() == options_.read_buffer_bytes;
  if (has_usual_size && buffers_.size() < kBuffersMax) buffers_.push_back(std::move(buffer));
}

void ConnectionPool::close() {
  is_closed_ = true;
  for (auto& [authority, idle] : idle_) {
    for (const auto& channel : idle) {
      channel->unwatch();
      channel->close();
    }
  }
  idle_.clear();
}

}  // namespace ringmaster::http
