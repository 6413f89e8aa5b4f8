#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "router/live_instance.h"
#include "router/prompt_prefix.h"

namespace ringmaster {

/// One model that is served, as the request path sees it.
struct DirectoryModel {
  PromptRules rules;
  std::string card;  ///< Its entry in GET /v1/models, a JSON object.
  std::vector<LiveInstancePtr> instances;
};

/// Which models and instances there are. Immutable; published anew with every change.
struct Directory {
  using ByName = std::map<std::string, std::shared_ptr<const DirectoryModel>, std::less<>>;

  ByName models;
  ByName adapters;  ///< The model that an adapter belongs to; its card is the adapter's own.

  /// Null if there is none of this name.
  [[nodiscard]] std::shared_ptr<const DirectoryModel> find(std::string_view name) const {
    const auto found = models.find(name);
    return found == models.end() ? nullptr : found->second;
  }

  /// The same among the adapters. A model of the same name hides an adapter.
  [[nodiscard]] std::shared_ptr<const DirectoryModel> find_adapter(std::string_view name) const {
    const auto found = adapters.find(name);
    return found == adapters.end() ? nullptr : found->second;
  }
};

}  // namespace ringmaster
