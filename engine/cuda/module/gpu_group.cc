#include "engine/cuda/module/gpu_group.h"

#include <algorithm>
#include <limits>
#include <thread>

#include "engine/cuda/buffer_plan.h"
#include "engine/cuda/lockstep.h"

namespace ringmaster::engine::cuda {

/// A GPU that has failed never comes to the sum that the others wait in, so whoever waits for one
/// of them has to look at all.
template <class IsThere>
void GpuGroup::wait_for_all(const IsThere& is_there) {
  for (;;) {
    bool are_there = true;
    for (const auto& session : sessions_) are_there = is_there(*session) && are_there;
    if (ok()) collectives_->check();
    if (!ok()) return collectives_->abort();
    if (are_there) return;
    std::this_thread::yield();
  }
}

GpuGroup::GpuGroup(const CudaOpenRequest& request) : request_(request) {
  for (std::int32_t rank = 0; rank < request.ranks && ok(); ++rank) {
    sessions_.push_back(std::make_unique<GpuSession>(request_of_rank(request, rank)));
  }
  if (ok() && request.ranks > 1) connect();
  // The same blocks everywhere, as many as the fullest GPU holds.
  std::int32_t blocks = std::numeric_limits<std::int32_t>::max();
  for (const auto& session : sessions_) blocks = std::min(blocks, session->fitting_blocks());
  for (const auto& session : sessions_) {
    if (ok()) session->warm_up(blocks);
  }
  request_.layers = nullptr;  // As in a session: the host's weights are not ours any more.
}

GpuGroup::~GpuGroup() {
  if (collectives_) wait_for_all([](GpuSession& session) { return session.is_idle(); });
  for (const auto& session : sessions_) session->drain();
}

std::string GpuGroup::message() const {
  for (const auto& session : sessions_) {
    if (session->status().ok()) continue;
    const std::string gpu =
        request_.ranks == 1 ? "" : "GPU " + std::to_string(session->ordinal()) + ": ";
    return gpu + session->status().message();
  }
  return status_.message();
}

void GpuGroup::connect() {
  std::vector<Collectives::Member> members;
  for (const auto& session : sessions_) members.push_back(session->member());
  collectives_.emplace(status_, std::move(members));
  // It takes memory when a size first comes that it treats in another way: before the KV cache
  // does.
  for (std::int32_t tokens = 1; tokens < request_.step_tokens_max; tokens *= 2) add_up(tokens);
  add_up(request_.step_tokens_max);
  share_samples();
  wait_for_all([](GpuSession& session) { return session.is_idle(); });
}

void GpuGroup::add_up(std::int32_t tokens) {
  if (ok()) collectives_->add_up(std::int64_t{tokens} * request_.shape.hidden);
}

void GpuGroup::share_samples() {
  if (ok()) collectives_->share_samples(request_.sequences_max);
}

void GpuGroup::submit(const CudaStep& step) {
  for (const auto& session : sessions_) session->upload(step);
  if (!ok()) return;
  if (sessions_.size() == 1) {
    sessions_.front()->run(step);
  } else {
    run_in_lockstep(*this, request_.shape.layers, step);
  }
  for (const auto& session : sessions_) {
    session->download(session == sessions_.front() ? step.counts.rows : 0);
  }
}

double GpuGroup::wait(SampleOutput* samples, std::int32_t rows) {
  if (!ok()) return 0.0;
  if (sessions_.size() > 1) wait_for_all([](GpuSession& session) { return session.is_done(); });
  double seconds = 0.0;
  for (const auto& session : sessions_) {
    if (!ok()) return 0.0;
    seconds = std::max(seconds, session->wait(samples, session == sessions_.front() ? rows : 0));
  }
  return seconds;
}

}  // namespace ringmaster::engine::cuda
