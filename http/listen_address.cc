#include "http/listen_address.h"

#include <charconv>
#include <cstdint>
#include <string_view>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>

namespace ringmaster::http {
namespace {

namespace ip = boost::asio::ip;

Result<ip::address> parse_host(std::string host) {
  if (host == "*") return ip::address_v4::any();
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  boost::system::error_code error;
  const auto address = ip::make_address(host, error);
  if (!error) return address;
  // A name is looked up once, at the start: blocking is no harm there.
  boost::asio::io_context loop;
  ip::tcp::resolver resolver(loop);
  const auto found = resolver.resolve(host, "", error);
  if (error || found.empty()) return invalid("host \"" + host + "\" is unknown");
  return found.begin()->endpoint().address();
}

}  // namespace

Result<ip::tcp::endpoint> parse_listen_address(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos || colon == 0) return invalid("expected \"host:port\"");
  const auto digits = std::string_view(address).substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return invalid("the port must be a number in [0, 65535]");
  }
  auto host = address.substr(0, colon);
  if (host.find(':') != std::string::npos && !host.starts_with('[')) {
    return invalid("an IPv6 address stands in brackets: \"[::1]:8080\"");
  }
  const auto parsed = parse_host(std::move(host));
  if (!parsed) return tl::unexpected(parsed.error());
  return ip::tcp::endpoint(*parsed, port);
}

}  // namespace ringmaster::http
