#include "router/gateway.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <random>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "http/client.h"
#include "http/io_threads.h"
#include "http/server.h"
#include "http/steady_clock.h"
#include "router/active_sessions.h"
#include "router/admin_handler.h"
#include "router/combining_executor.h"
#include "router/fleet_membership.h"
#include "router/gateway_handler.h"
#include "router/peer_set.h"
#include "router/request_session.h"

namespace ringmaster {
namespace {

using std::chrono::milliseconds;

/// How long streams that were cut off have to send their last frame.
constexpr milliseconds kLastWords{2'000};
constexpr milliseconds kDrainStep{5};

std::size_t thread_count(const GatewaySettings& settings) {
  if (settings.threads != 0) return settings.threads;
  return std::max<std::size_t>(1, std::thread::hardware_concurrency());
}

http::ServerOptions server_options(const LimitSettings& limits) {
  http::ServerOptions options;
  options.header_bytes_max = limits.header_bytes;
  options.body_bytes_max = limits.body_bytes;
  options.connections_max = limits.connections;
  options.header_timeout = limits.header_timeout;
  options.body_timeout = limits.body_timeout;
  options.body_bytes_per_second_min = limits.body_rate;
  options.idle_timeout = limits.keep_alive;
  options.write_timeout = limits.write_timeout;
  return options;
}

std::uint64_t random_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32U | device();
}

}  // namespace

/// Members in order of construction; servers go first, then the threads' work, then what it uses.
class Gateway::Impl {
 public:
  explicit Impl(GatewayParts parts);
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  [[nodiscard]] Status start();
  void drain();
  void hurry() { is_hurried_ = true; }

  [[nodiscard]] std::uint16_t port() const { return server_->port(); }
  [[nodiscard]] std::uint16_t admin_port() const { return admin_server_->port(); }

 private:
  [[nodiscard]] RequestContext request_context();
  [[nodiscard]] FleetMembership::Context membership_context();
  /// The instances and the peers of the settings.
  [[nodiscard]] Status add_members();
  /// False if `limit` passed first, or somebody is in a hurry.
  bool wait_for_connections(milliseconds limit);

  GatewayParts parts_;
  http::SteadyClock clock_;
  ServiceState state_;
  boost::asio::thread_pool pool_;
  http::IoThreads threads_;
  http::Client client_;
  PerThread<Directory> directory_;
  Metrics metrics_;
  ActiveSessions sessions_;
  SchedulerStrand strand_;
  PeerSet peers_;
  FleetMembership membership_;
  std::unique_ptr<TraceRecorder> trace_;
  RequestContext context_;
  GatewayHandler handler_;
  AdminHandler admin_handler_;
  std::unique_ptr<http::Server> server_;
  std::unique_ptr<http::Server> admin_server_;
  std::atomic<bool> is_hurried_{false};
};

Gateway::Impl::Impl(GatewayParts parts)
    : parts_(std::move(parts)),
      pool_(std::max<std::size_t>(1, thread_count(parts_.settings) / 2)),
      threads_(thread_count(parts_.settings)),
      client_(threads_, http::ClientOptions{}),
      directory_(threads_, std::make_shared<const Directory>()),
      metrics_(threads_),
      sessions_(threads_),
      // Every connection reaches the scheduler on its own thread, without a hop.
      strand_({.executor = CombiningExecutor::over(threads_.executor(0)),
               .clock = &clock_,
               .log = parts_.log,
               .recording = parts_.event_recording,
               .owner_of = [this](std::string_view instance) { return peers_.owner_of(instance); }},
              parts_.settings.scheduler),
      peers_({.threads = &threads_,
              .client = &client_,
              .strand = &strand_,
              .clock = &clock_,
              .log = parts_.log,
              .settings = &parts_.settings,
              .on_lost =
                  [this](const PeerPtr& peer) {
                    sessions_.for_each(
                        [peer](RequestSession& session) { session.leave_owner(*peer); });
                  }}),
      membership_(membership_context()),
      trace_(parts_.trace_recording == nullptr
                 ? nullptr
                 : std::make_unique<TraceRecorder>(threads_.executor(0), *parts_.trace_recording,
                                                   clock_.now())),
      context_(request_context()),
      handler_(context_, state_, peers_),
      admin_handler_(strand_, membership_, peers_) {}

Gateway::Impl::~Impl() {
  server_.reset();
  admin_server_.reset();
  pool_.join();
  // Monitors and what they wait for are dropped with the loops; nothing runs behind this line.
  threads_.stop();
}

RequestContext Gateway::Impl::request_context() {
  RequestContext context;
  context.settings = &parts_.settings;
  context.clock = &clock_;
  context.log = parts_.log;
  context.strand = &strand_;
  context.directory = &directory_;
  context.metrics = &metrics_;
  context.trace = trace_.get();
  context.sessions = &sessions_;
  context.pool = pool_.get_executor();
  context.id_seed = random_seed();
  context.next_number = &state_.next_request;
  context.buffered_bytes = &state_.buffered_bytes;
  context.on_instance_trouble = [this](const LiveInstancePtr& instance, bool is_broken) {
    boost::asio::post(strand_.executor(), [this, instance, is_broken] {
      membership_.note_trouble(instance, is_broken);
    });
  };
  context.on_peer_trouble = [this](const PeerPtr& peer) {
    boost::asio::post(strand_.executor(), [this, peer] { peers_.note_trouble(peer); });
  };
  return context;
}

FleetMembership::Context Gateway::Impl::membership_context() {
  return {.threads = &threads_,
          .client = &client_,
          .strand = &strand_,
          .directory = &directory_,
          .clock = &clock_,
          .log = parts_.log,
          .settings = &parts_.settings,
          .peers = &peers_,
          .encoders = parts_.encoders};
}

Status Gateway::Impl::add_members() {
  std::promise<Status> done;
  boost::asio::post(strand_.executor(), [this, &done] {
    if (auto added = membership_.add_all(parts_.settings.instances); !added) {
      return done.set_value(std::move(added));
    }
    for (const auto& peer : parts_.settings.peers.gateways) {
      auto added = peers_.add(peer);
      if (!added) {
        return done.set_value(
            tl::unexpected(std::move(added.error()).while_doing("peer " + peer.id)));
      }
    }
    done.set_value({});
  });
  return done.get_future().get();
}

Status Gateway::Impl::start() {
  const auto options = server_options(parts_.settings.limits);
  server_ = std::make_unique<http::Server>(threads_, handler_, *parts_.log, options);
  admin_server_ = std::make_unique<http::Server>(threads_, admin_handler_, *parts_.log, options);
  state_.version = parts_.version;
  state_.connection_count = [this] { return server_->connection_count(); };
  // The addresses first, so that a taken one is all that is said; the instances before the first
  // request can come.
  if (auto bound = server_->bind(parts_.settings.listen); !bound) return bound;
  if (auto bound = admin_server_->bind(parts_.settings.admin_listen); !bound) return bound;
  if (auto added = add_members(); !added) return added;
  if (parts_.settings.instances.empty()) {
    parts_.log->write(LogLevel::kWarn,
                      "no instance is configured: requests get 503 until POST /admin/instances");
  }
  server_->start();
  admin_server_->start();
  return {};
}

bool Gateway::Impl::wait_for_connections(milliseconds limit) {
  const auto until = clock_.now() + limit;
  while (server_->connection_count() != 0) {
    if (clock_.now() >= until || is_hurried_) return false;
    std::this_thread::sleep_for(kDrainStep);
  }
  return true;
}

void Gateway::Impl::drain() {
  const auto& settings = parts_.settings.drain;
  state_.is_draining = true;
  parts_.log->write(LogLevel::kInfo, "draining: not ready any more, connections=" +
                                         std::to_string(server_->connection_count()));
  const auto stop_accepting = clock_.now() + settings.wait;
  while (clock_.now() < stop_accepting && !is_hurried_) std::this_thread::sleep_for(kDrainStep);
  server_->drain();
  if (!wait_for_connections(settings.grace)) {
    parts_.log->write(LogLevel::kWarn, "draining: cutting off connections=" +
                                           std::to_string(server_->connection_count()));
    sessions_.for_each([](RequestSession& session) { session.cut_off(); });
    is_hurried_ = false;
    wait_for_connections(kLastWords);
  }
  parts_.log->write(LogLevel::kInfo, "drained");
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::start(GatewayParts parts) {
  auto impl = std::make_unique<Impl>(std::move(parts));
  if (auto started = impl->start(); !started) return tl::unexpected(std::move(started.error()));
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

std::uint16_t Gateway::port() const {
  return impl_->port();
}
std::uint16_t Gateway::admin_port() const {
  return impl_->admin_port();
}
void Gateway::drain() {
  impl_->drain();
}
void Gateway::hurry() {
  impl_->hurry();
}

}  // namespace ringmaster
