#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringmaster::http {

/// A loopback TCP connection that sends and receives exactly what a test says. Blocking; every
/// wait ends after ten seconds. Closes when destroyed.
class RawConnection {
 public:
  RawConnection() = default;
  explicit RawConnection(int descriptor);
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&& other) noexcept;
  ~RawConnection();

  [[nodiscard]] static RawConnection to(std::uint16_t port);
  /// With a receive buffer of a few KB, set before connecting.
  [[nodiscard]] static RawConnection with_small_buffer_to(std::uint16_t port);

  /// False if the peer has closed.
  bool send(std::string_view bytes);

  struct Answer {
    int status = 0;    ///< 0: the connection ended before a head.
    std::string head;  ///< Without the empty line, lower case.
    std::string body;  ///< Chunked coding removed.
    bool is_whole = false;
    [[nodiscard]] bool has(std::string_view line) const;  ///< A line of the head, lower case.
  };
  /// Reads one answer. `is_head`: to a HEAD request.
  [[nodiscard]] Answer read_answer(bool is_head = false);

  /// Whether the peer has sent something, or closed. Does not wait.
  [[nodiscard]] bool has_input() const;
  /// Waits for exactly this many bytes; fewer at the end of the stream.
  [[nodiscard]] std::string read_bytes(std::size_t count);
  /// Up to and with `mark`; all there is at the end of the stream.
  [[nodiscard]] std::string read_until(std::string_view mark);
  /// True if the peer closes without sending more.
  [[nodiscard]] bool is_closed_by_peer();

  void close();
  /// Closes with a reset.
  void abort();

 private:
  bool receive();

  int descriptor_ = -1;
  std::string buffer_;
};

/// Listens on a free loopback port.
class RawListener {
 public:
  RawListener();
  ~RawListener();
  RawListener(const RawListener&) = delete;
  RawListener& operator=(const RawListener&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] RawConnection accept();

 private:
  int descriptor_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace ringmaster::http
