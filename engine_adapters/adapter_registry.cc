#include "engine_adapters/adapter_registry.h"

#include <array>
#include <string>

#include "engine_adapters/openai_adapter.h"
#include "engine_adapters/ringmaster_adapter.h"

namespace ringmaster {

Result<const EngineAdapter*> find_adapter(std::string_view name) {
  static const OpenAiAdapter openai;
  static const RingmasterAdapter bundled;
  static const std::array<const EngineAdapter*, 2> adapters{&openai, &bundled};
  std::string known;
  for (const auto* adapter : adapters) {
    if (adapter->name() == name) return adapter;
    known += (known.empty() ? "" : ", ") + std::string(adapter->name());
  }
  return invalid("unknown adapter \"" + std::string(name.substr(0, 64)) +
                 "\", must be one of: " + known);
}

}  // namespace ringmaster
