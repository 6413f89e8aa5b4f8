#include "cli/trace_file.h"

#include <cstdio>

#include "cli/text_file.h"

namespace ringmaster {

Result<sim::Trace> load_trace(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return tl::unexpected(text.error());
  auto trace = sim::parse_trace(*text, path);
  if (trace && !trace->ignored_fields.empty()) {
    std::string fields;
    for (const std::string& field : trace->ignored_fields) fields += " " + field;
    std::fprintf(stderr, "ringmaster: %s: fields not used:%s\n", path.c_str(), fields.c_str());
  }
  return trace;
}

std::string trace_name(std::string_view path) {
  return std::string(path.substr(path.find_last_of('/') + 1));
}

}  // namespace ringmaster
