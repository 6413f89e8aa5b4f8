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

http::RequestHead forwarding_head(const http::RequestHead& head, const http::Fields& of_client,
                                  const HeaderSettings& hints, std::string_view instance,
                                  std::string_view key) {
  http::RequestHead forwarded = head;
  for (const std::string* name : {&hints.session, &hints.tenant, &hints.priority, &hints.adapter,
                                  &hints.steps_to_execution}) {
    const auto* value = name->empty() ? nullptr : of_client.find(*name);
    if (value != nullptr && head.fields.find(*name) == nullptr) forwarded.fields.add(*name, *value);
  }
  forwarded.fields.add(std::string(kPeerKeyField), std::string(key));
  forwarded.fields.add(std::string(kForwardedToField), std::string(instance));
  return forwarded;
}

OwnerAnswer judge_owner(const http::ResponseHead& head) {
  if (head.fields.find(kFinalField) != nullptr) return OwnerAnswer::kFinal;
  const bool is_refusal = head.status >= 400 && head.fields.find(kInstanceField) == nullptr;
  return is_refusal ? OwnerAnswer::kNotTaken : OwnerAnswer::kOfInstance;
}

}  // namespace ringmaster
