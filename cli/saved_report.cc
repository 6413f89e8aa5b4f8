#include "cli/saved_report.h"

#include <cstdint>
#include <utility>

#include <simdjson.h>

#include "base/json_writer.h"
#include "sim/report.h"
#include "sim/result_file.h"

namespace ringmaster {
namespace {

constexpr std::string_view kResultKey = ",\"result\":";

}  // namespace

std::string saved_report(std::string_view digest, const sim::RunReport& report) {
  JsonWriter json;
  json.begin_object();
  json.member("digest", digest);
  json.member("simulated_requests", report.simulated_requests);
  json.member("wall_s", report.wall_s);
  std::string line = json.end_object().take();
  line.pop_back();
  return line.append(kResultKey).append(sim::to_json_object(report)) + "}";
}

std::optional<sim::RunReport> restore_report(const std::string& line,
                                             const sim::RunOptions& options) {
  const std::size_t key = line.find(kResultKey);
  if (key == std::string::npos) return std::nullopt;
  const std::size_t begin = key + kResultKey.size();
  const std::string result = line.substr(begin, line.size() - begin - 1);
  auto point = sim::parse_result(result, "saved point");
  if (!point) return std::nullopt;
  sim::RunReport report{.options = options,
                        .metrics = point->metrics,
                        .goodput_qps = point->goodput_qps,
                        .bound_qps = point->bound_qps,
                        .copies = point->copies};
  report.options.arrivals.qps = point->qps;
  simdjson::dom::parser parser;
  simdjson::dom::element head;
  if (parser.parse(line).get(head) != simdjson::SUCCESS) return std::nullopt;
  if (head["simulated_requests"].get(report.simulated_requests) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  double wall_s = 0;
  if (head["wall_s"].get(wall_s) == simdjson::SUCCESS) report.wall_s = wall_s;
  if (sim::to_json_object(report) != result) return std::nullopt;
  return report;
}

}  // namespace ringmaster
