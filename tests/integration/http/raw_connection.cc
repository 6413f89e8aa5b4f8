#include "tests/integration/http/raw_connection.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <gtest/gtest.h>

namespace ringmaster::http {
namespace {

constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
constexpr int kSmallBufferBytes = 4096;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

int connect_to(std::uint16_t port, bool has_small_buffer) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
  EXPECT_GE(descriptor, 0);
  if (has_small_buffer) {
    ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &kSmallBufferBytes, sizeof(kSmallBufferBytes));
  }
  const auto address = loopback(port);
  EXPECT_EQ(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  return descriptor;
}

/// recv() or send(), again where it was interrupted: with a timeout set, that is also by a stop of
/// the whole process. What is neither an end of the connection nor bytes is a failure of the test.
template <class Call>
ssize_t repeat(Call call) {
  ssize_t count = call();
  while (count < 0 && errno == EINTR) count = call();
  const bool is_end = count >= 0 || errno == ECONNRESET || errno == EPIPE;
  EXPECT_TRUE(is_end) << "a socket of this test: " << std::generic_category().message(errno);
  return count;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

RawConnection::RawConnection(int descriptor) : descriptor_(descriptor) {
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof(kPatience));
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), buffer_(std::move(other.buffer_)) {}

RawConnection& RawConnection::operator=(RawConnection&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(buffer_, other.buffer_);
  return *this;
}

RawConnection::~RawConnection() {
  close();
}

RawConnection RawConnection::to(std::uint16_t port) {
  return RawConnection(connect_to(port, false));
}

RawConnection RawConnection::with_small_buffer_to(std::uint16_t port) {
  return RawConnection(connect_to(port, true));
}

bool RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto count =
        repeat([&] { return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool RawConnection::has_input() const {
  pollfd wanted{.fd = descriptor_, .events = POLLIN, .revents = 0};
  return !buffer_.empty() || ::poll(&wanted, 1, 0) > 0;
}

bool RawConnection::receive() {
  std::array<char, 16 * 1024> bytes;
  const auto count = repeat([&] { return ::recv(descriptor_, bytes.data(), bytes.size(), 0); });
  if (count <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(count));
  return true;
}

std::string RawConnection::read_bytes(std::size_t count) {
  while (buffer_.size() < count && receive()) {
  }
  auto bytes = buffer_.substr(0, count);
  buffer_.erase(0, bytes.size());
  return bytes;
}

std::string RawConnection::read_until(std::string_view mark) {
  while (buffer_.find(mark) == std::string::npos && receive()) {
  }
  const auto found = buffer_.find(mark);
  return read_bytes(found == std::string::npos ? buffer_.size() : found + mark.size());
}

bool RawConnection::is_closed_by_peer() {
  if (!buffer_.empty()) return false;
  char byte = 0;
  return repeat([&] { return ::recv(descriptor_, &byte, 1, 0); }) <= 0;
}

bool RawConnection::Answer::has(std::string_view line) const {
  return (head + "\r\n").find("\r\n" + std::string(line) + "\r\n") != std::string::npos;
}

RawConnection::Answer RawConnection::read_answer(bool is_head) {
  Answer answer;
  answer.head = lower(read_until("\r\n\r\n"));
  if (!answer.head.ends_with("\r\n\r\n")) return answer;
  answer.head.resize(answer.head.size() - 4);
  answer.status = std::atoi(answer.head.substr(9, 3).c_str());
  if (is_head || answer.status == 204 || answer.status == 100) {
    answer.is_whole = true;
  } else if (answer.has("transfer-encoding: chunked")) {
    while (true) {
      const auto size = std::strtoul(read_until("\r\n").c_str(), nullptr, 16);
      const auto chunk = read_bytes(size + 2);
      answer.is_whole = size == 0 && chunk == "\r\n";
      if (chunk.size() < 3) break;
      answer.body += chunk.substr(0, size);
    }
  } else if (const auto at = answer.head.find("content-length: "); at != std::string::npos) {
    const auto size = std::strtoul(answer.head.c_str() + at + 16, nullptr, 10);
    answer.body = read_bytes(size);
    answer.is_whole = answer.body.size() == size;
  } else {
    while (receive()) {
    }
    answer.body = std::exchange(buffer_, {});
    answer.is_whole = true;
  }
  return answer;
}

void RawConnection::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
}

void RawConnection::abort() {
  const linger reset{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  close();
}

RawListener::RawListener() : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
  ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof(kPatience));
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  EXPECT_EQ(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(descriptor_, 64), 0);
  ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
}

RawListener::~RawListener() {
  ::close(descriptor_);
}

RawConnection RawListener::accept() {
  const auto accepted =
      repeat([&]() -> ssize_t { return ::accept(descriptor_, nullptr, nullptr); });
  return RawConnection(static_cast<int>(accepted));
}

}  // namespace ringmaster::http
