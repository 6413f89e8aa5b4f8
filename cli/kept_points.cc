#include "cli/kept_points.h"

#include <cstdio>
#include <utility>

#include "cli/point_digest.h"
#include "cli/saved_report.h"

namespace ringmaster {

Result<std::unique_ptr<KeptPoints>> KeptPoints::open(const SimFlags& flags) {
  auto inputs = inputs_of(*flags.command);
  if (!inputs) return tl::unexpected(std::move(inputs).error());
  auto finished = FinishedPoints::open(flags.resume);
  if (!finished) return tl::unexpected(std::move(finished).error());
  return std::unique_ptr<KeptPoints>(
      new KeptPoints(flags, std::move(*inputs), std::move(*finished)));
}

Result<std::optional<sim::RunReport>> KeptPoints::find(const SimSweep::Point& point) {
  if (finished_->size() == 0) return std::optional<sim::RunReport>();
  const auto digest = digest_of(point, inputs_);
  if (!digest) return tl::unexpected(digest.error());
  const std::string* line = finished_->find(*digest);
  if (line == nullptr) return std::optional<sim::RunReport>();
  auto report = restore_report(*line, point.options);
  if (!report) return report;
  if (flags_.no_wall) report->wall_s.reset();
  ++found_;
  return report;
}

Status KeptPoints::keep(const SimSweep::Point& point, const sim::RunReport& report) {
  const auto digest = digest_of(point, inputs_);
  if (!digest) return tl::unexpected(digest.error());
  return finished_->add(saved_report(*digest, report));
}

void KeptPoints::tell(std::size_t points) const {
  if (finished_->size() == 0) return;
  std::fprintf(stderr, "ringmaster: %zu of %zu points taken from %s\n", found_.load(), points,
               flags_.resume.c_str());
}

}  // namespace ringmaster
