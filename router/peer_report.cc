#include "router/peer_report.h"

#include <limits>
#include <utility>

#include <simdjson.h>

#include "base/json_writer.h"

namespace ringmaster {
namespace {

using simdjson::SUCCESS;
using simdjson::dom::element;

/// Reads the fields of one object; remembers the first that is wrong.
class FieldReader {
 public:
  explicit FieldReader(element value) : value_(value) {}

  void text(const char* key, std::string& into) {
    std::string_view read;
    if (value_[key].get(read) == SUCCESS && !read.empty()) {
      into = read;
    } else {
      refuse(key, "a name");
    }
  }

  template <class Count>
  Count count(const char* key) {
    std::uint64_t read = 0;
    if (value_[key].get(read) != SUCCESS || read > std::numeric_limits<Count>::max()) {
      refuse(key, "a count");
    }
    return static_cast<Count>(read);
  }

  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void refuse(const char* key, const char* expected) {
    if (!problem_.empty()) return;
    problem_ = "peer report: \"" + std::string(key) + "\" must be " + expected;
  }

  element value_;
  std::string problem_;
};

}  // namespace

std::string peer_report_json(const PeerReport& report) {
  JsonWriter json;
  json.begin_object().member("gateway", report.gateway).key("instances").begin_array();
  for (const OwnedLoad& load : report.loads) {
    json.begin_object();
    json.member("id", load.id);
    json.member("model", load.model);
    json.member("running", load.report.running_requests.value_or(0));
    json.member("waiting", load.report.waiting_requests.value_or(0));
    json.member("queued_prefill_tokens", load.report.queued_prefill_tokens.value_or(0));
    json.member("put_aside_tokens", load.report.put_aside_tokens);
    json.end_object();
  }
  return json.end_array().end_object().take();
}

Result<PeerReport> parse_peer_report(std::string_view json) {
  simdjson::dom::parser parser;
  element root;
  simdjson::dom::array instances;
  if (parser.parse(json.data(), json.size()).get(root) != SUCCESS ||
      root["instances"].get(instances) != SUCCESS) {
    return invalid("peer report: must be a JSON object with \"instances\"");
  }
  PeerReport report;
  FieldReader of_gateway(root);
  of_gateway.text("gateway", report.gateway);
  if (!of_gateway.problem().empty()) return invalid(of_gateway.problem());
  for (const element instance : instances) {
    FieldReader reader(instance);
    OwnedLoad load;
    reader.text("id", load.id);
    reader.text("model", load.model);
    load.report = {.running_requests = reader.count<std::uint32_t>("running"),
                   .waiting_requests = reader.count<std::uint32_t>("waiting"),
                   .queued_prefill_tokens = reader.count<std::uint64_t>("queued_prefill_tokens"),
                   .is_of_owner = true,
                   .put_aside_tokens = reader.count<std::uint64_t>("put_aside_tokens")};
    if (!reader.problem().empty()) return invalid(reader.problem());
    report.loads.push_back(std::move(load));
  }
  return report;
}

}  // namespace ringmaster
