#include "engine_adapters/model_list.h"

#include <sstream>

#include <simdjson.h>

namespace ringmaster {

Result<std::vector<ModelCard>> parse_model_list(std::string_view json) {
  constexpr std::size_t kModelsMax = 1'000;
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  simdjson::dom::array data;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return invalid("model list: must be JSON");
  }
  if (root["data"].get(data) != simdjson::SUCCESS) {
    return invalid("model list: must have a list \"data\"");
  }
  std::vector<ModelCard> cards;
  for (const auto card : data) {
    std::string_view id;
    if (card["id"].get(id) != simdjson::SUCCESS) {
      return invalid("model list: each entry must have a text \"id\"");
    }
    if (cards.size() == kModelsMax) break;
    cards.push_back({.id = std::string(id), .json = simdjson::minify(card)});
  }
  return cards;
}

}  // namespace ringmaster
