#pragma once

#include <arpa/inet.h>
#include <cstdint>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"

namespace ringmaster {

/// A free loopback port that no other program is given while this lives, whether or not somebody
/// listens on it: servers may, by its number, again and again. Refuses connections while none does.
class HeldPort {
 public:
  HeldPort() : descriptor_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    // Sockets that all have this option may share a port as long as one at most listens.
    const int yes = 1;
    RINGMASTER_CHECK(::setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    RINGMASTER_CHECK(::bind(descriptor_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    RINGMASTER_CHECK(::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    number_ = ntohs(address.sin_port);
  }
  ~HeldPort() { ::close(descriptor_); }
  HeldPort(const HeldPort&) = delete;
  HeldPort& operator=(const HeldPort&) = delete;

  [[nodiscard]] std::uint16_t number() const { return number_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(number_); }

 private:
  int descriptor_;
  std::uint16_t number_ = 0;
};

}  // namespace ringmaster
