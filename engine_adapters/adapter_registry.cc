#include "engine_adapters/adapter_registry.h"

#include <array>
#include <string_view>
#include <vector>

#include "base/known_names.h"
#include "engine_adapters/openai_adapter.h"
#include "engine_adapters/ringmaster_adapter.h"

namespace ringmaster {

Result<const EngineAdapter*> find_adapter(std::string_view name) {
  static const OpenAiAdapter openai;
  static const RingmasterAdapter bundled;
  static const std::array<const EngineAdapter*, 2> adapters{&openai, &bundled};
  std::vector<std::string_view> known;
  for (const auto* adapter : adapters) {
    if (adapter->name() == name) return adapter;
    known.push_back(adapter->name());
  }
  return invalid("adapter: " + expected_one_of(known, name));
}

}  // namespace ringmaster
