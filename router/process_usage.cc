#include "router/process_usage.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace ringmaster {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
}

std::optional<std::uint64_t> resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(file >> all >> resident)) return std::nullopt;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

std::optional<std::uint64_t> open_descriptors() {
  std::error_code error;
  const std::filesystem::directory_iterator all("/proc/self/fd", error);
  if (error) return std::nullopt;
  const auto count = std::distance(begin(all), end(all));
  return static_cast<std::uint64_t>(count - 1);  // One of them reads the folder.
}

std::optional<std::uint64_t> descriptors_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return std::nullopt;
  return limit.rlim_cur;
}

/// Boot time and the process's start in ticks since then (proc(5): field 22 of stat).
std::optional<double> start_seconds() {
  std::ifstream kernel("/proc/stat");
  double boot = 0;
  for (std::string word; kernel >> word;) {
    if (word == "btime" && kernel >> boot) break;
  }
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  // The name, in parentheses, may hold anything.
  const auto name_end = text.rfind(')');
  if (boot == 0 || name_end == std::string::npos) return std::nullopt;
  constexpr int kFieldsBetween = 20;  // Fields 3 to 22.
  std::size_t at = name_end + 1;
  for (int i = 1; i < kFieldsBetween && at != std::string::npos; ++i) at = text.find(' ', at + 1);
  if (at == std::string::npos) return std::nullopt;
  const double ticks = std::strtod(text.c_str() + at, nullptr);
  return boot + ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessUsage process_usage() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return {.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
          .resident_bytes = resident_bytes(),
          .open_descriptors = open_descriptors(),
          .descriptors_max = descriptors_max(),
          .start_seconds = start_seconds()};
}

}  // namespace ringmaster
