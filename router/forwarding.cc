#include "router/forwarding.h"

#include "router/header_rules.h"

namespace ringmaster {

bool is_from_peer(const http::Fields& fields, std::string_view key) {
  const auto* given = fields.find(kPeerKeyField);
  return !key.empty() && given != nullptr && is_same_secret(*given, key);
}

std::string forwarded_to(const http::Fields& fields, std::string_view key) {
  const auto* instance = fields.find(kForwardedToField);
  if (instance == nullptr || !is_from_peer(fields, key)) return {};
  return *instance;
}

http::RequestHead forwarding_head(const http::RequestHead& head, std::string_view instance,
                                  std::string_view key) {
  http::RequestHead forwarded = head;
  forwarded.fields.add(std::string(kPeerKeyField), std::string(key));
  forwarded.fields.add(std::string(kForwardedToField), std::string(instance));
  return forwarded;
}

}  // namespace ringmaster
