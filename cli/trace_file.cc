#include "cli/trace_file.h"

#include <cerrno>
#include <cstdio>
#include <system_error>

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

Status write_text(const std::string& path, std::string_view text) {
  const bool is_stdout = path == "-";
  std::FILE* file = is_stdout ? stdout : std::fopen(path.c_str(), "wb");
  bool is_written =
      file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr && (is_stdout ? std::fflush(file) : std::fclose(file)) != 0) {
    is_written = false;
  }
  if (is_written) return {};
  return fail(ErrorCode::kUnavailable, ErrorOrigin::kRouter,
              "cannot write " + path + ": " + std::generic_category().message(errno));
}

}  // namespace ringmaster
