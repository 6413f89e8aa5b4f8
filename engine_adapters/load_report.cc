#include "engine_adapters/load_report.h"

#include <limits>
#include <string>

#include <simdjson.h>

namespace ringmaster {
namespace {

using simdjson::dom::object;

template <class T>
Status read_count(const object& root, const char* key, std::optional<T>& into) {
  simdjson::dom::element field;
  if (root[key].get(field) != simdjson::SUCCESS || field.is_null()) return {};
  std::uint64_t number = 0;
  if (field.get(number) != simdjson::SUCCESS || number > std::numeric_limits<T>::max()) {
    return invalid("load report: \"" + std::string(key) + "\" must be a count");
  }
  into = static_cast<T>(number);
  return {};
}

Status read_share(const object& root, const char* key, std::optional<double>& into) {
  simdjson::dom::element field;
  if (root[key].get(field) != simdjson::SUCCESS || field.is_null()) return {};
  double number = 0.0;
  if (field.get(number) != simdjson::SUCCESS || number < 0.0 || number > 1.0) {
    return invalid("load report: \"" + std::string(key) + "\" must be a number in [0, 1]");
  }
  into = number;
  return {};
}

}  // namespace

Result<EngineReport> parse_load_report(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::object root;
  if (parser.parse(json.data(), json.size()).get(root) != simdjson::SUCCESS) {
    return invalid("load report: must be a JSON object");
  }
  EngineReport report;
  for (const auto& status :
       {read_count(root, "running", report.load.running_requests),
        read_count(root, "waiting", report.load.waiting_requests),
        read_count(root, "queued_prefill_tokens", report.load.queued_prefill_tokens),
        read_share(root, "kv_usage", report.load.kv_usage),
        read_count(root, "block_tokens", report.block_tokens)}) {
    if (!status) return tl::unexpected(status.error());
  }
  return report;
}

}  // namespace ringmaster
