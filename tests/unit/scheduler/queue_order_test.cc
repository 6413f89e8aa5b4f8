// Which of the held requests goes next. A token takes a millisecond; targets are five seconds.

#include "scheduler/queue_order.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/random.h"
#include "scheduler/fair_order.h"
#include "scheduler_driver.h"

namespace ringmaster {
namespace {

constexpr Duration kTarget = std::chrono::seconds(5);

TimePoint at(double seconds) {
  return TimePoint{} + from_seconds(seconds);
}

Waiting waiting(std::uint64_t id, double arrived, std::uint32_t tokens) {
  return {
      .id = {id}, .arrived_at = at(arrived), .deadline = at(arrived) + kTarget, .tokens = tokens};
}

/// The held requests of one instance under an order.
class Queue {
 public:
  explicit Queue(QueueDiscipline discipline) : order_(make_queue_order(discipline, kTarget)) {}

  void push(Waiting waiting) {
    waiting.rank = order_->rank(waiting);
    queue_.push(waiting);
    order_->held(waiting);
  }

  Waiting pop(double now = 0.0, std::uint64_t sent_tokens = 0) {
    const auto leading = queue_.leading();
    const Waiting next = leading[order_->pick(
        leading, {.now = at(now), .prefill_seconds_per_token = 0.001, .sent_tokens = sent_tokens})];
    queue_.erase(next);
    order_->unheld(next);
    order_->dispatched(next.tenant, next.tokens);
    return next;
  }

  /// Ids in the order in which they go, the clock running on by their work.
  std::vector<std::uint64_t> drain(double now = 0.0) {
    std::vector<std::uint64_t> ids;
    while (!queue_.empty()) {
      const Waiting next = pop(now);
      ids.push_back(next.id.value);
      now += 0.001 * next.tokens;
    }
    return ids;
  }

  std::uint64_t put_aside_tokens(double now = 0.0, double seconds_per_token = 0.001) {
    return order_->put_aside_tokens(
        queue_.leading(), {.now = at(now), .prefill_seconds_per_token = seconds_per_token});
  }

  QueueOrder& order() { return *order_; }

 private:
  std::unique_ptr<QueueOrder> order_;
  WaitQueue queue_;
};

using Ids = std::vector<std::uint64_t>;

TEST(ArrivalOrder, GoesByArrival) {
  Queue queue(QueueDiscipline::kFcfs);
  queue.push(waiting(2, 1.0, 10));
  queue.push(waiting(1, 0.0, 900));
  EXPECT_EQ(queue.drain(), (Ids{1, 2}));
}

TEST(LongestHitOrder, GoesByCachedTokensThenArrival) {
  Queue queue(QueueDiscipline::kLongestHit);
  Waiting warm = waiting(3, 2.0, 100);
  warm.hit_tokens = 400;
  queue.push(waiting(1, 0.0, 100));
  queue.push(waiting(2, 1.0, 100));
  queue.push(warm);
  EXPECT_EQ(queue.drain(), (Ids{3, 1, 2}));
}

TEST(ShortestOrder, GoesByUncachedTokens) {
  Queue queue(QueueDiscipline::kShortest);
  queue.push(waiting(1, 0.0, 900));
  queue.push(waiting(2, 1.0, 20));
  queue.push(waiting(3, 2.0, 300));
  EXPECT_EQ(queue.drain(), (Ids{2, 3, 1}));
}

TEST(DeadlineOrder, GoesByDeadlineNotByArrival) {
  Queue queue(QueueDiscipline::kSlack);
  Waiting urgent = waiting(2, 1.0, 100);
  urgent.deadline = at(2.0);
  queue.push(waiting(1, 0.0, 100));
  queue.push(urgent);
  EXPECT_EQ(queue.drain(), (Ids{2, 1}));
}

TEST(OnTimeOrder, GoesByDeadlineWhileAllCanBeOnTime) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 3000));
  queue.push(waiting(2, 0.1, 100));
  EXPECT_EQ(queue.drain(), (Ids{1, 2}));
}

TEST(OnTimeOrder, PutsTheLargestAsideWhenNotAllCanBeOnTime) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 4000));  // With it, 2 and 3 would end at 6 and 7 s.
  queue.push(waiting(2, 0.1, 2000));
  queue.push(waiting(3, 0.2, 1000));
  EXPECT_EQ(queue.drain(), (Ids{2, 3, 1}));
}

TEST(OnTimeOrder, CountsWhatTheInstanceIsPrefilling) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 3000));
  queue.push(waiting(2, 0.1, 1000));
  EXPECT_EQ(queue.pop(0.0, 2000).id.value, 2U);  // 2 + 3 + 1 s is past 5.1 s: 1 is put aside.
}

TEST(OnTimeOrder, ServesTheLateOnesByWork) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 2000));
  queue.push(waiting(2, 1.0, 1000));
  queue.push(waiting(3, 2.0, 3000));
  EXPECT_EQ(queue.drain(10.0), (Ids{2, 1, 3}));
}

TEST(OnTimeOrder, ServesFirstWhoHasWaitedMoreThanFiveTargets) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 9000));
  queue.push(waiting(2, 0.5, 8000));
  queue.push(waiting(3, 26.0, 10));
  EXPECT_EQ(queue.pop(25.0).id.value, 3U);
  queue.push(waiting(4, 26.0, 10));
  EXPECT_EQ(queue.pop(26.1).id.value, 1U);
  EXPECT_EQ(queue.pop(26.1).id.value, 2U);
  EXPECT_EQ(queue.pop(26.1).id.value, 4U);
}

TEST(OnTimeOrder, TellsTheTokensOfThosePutAside) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 4000));
  EXPECT_EQ(queue.put_aside_tokens(), 0U);
  queue.push(waiting(2, 0.1, 2000));
  queue.push(waiting(3, 0.2, 1000));
  EXPECT_EQ(queue.put_aside_tokens(), 4000U);
}

TEST(OnTimeOrder, PutsMoreAsideWherePrefillsTakeLonger) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 2500));
  queue.push(waiting(2, 0.1, 2000));
  EXPECT_EQ(queue.put_aside_tokens(0.0, 0.001), 0U);
  EXPECT_EQ(queue.put_aside_tokens(0.0, 0.0015), 2500U);
}

TEST(OnTimeOrder, TakesThoseForPendingAgainThatWillSoonGoFirst) {
  Queue queue(QueueDiscipline::kOnTime);
  queue.push(waiting(1, 0.0, 9000));
  EXPECT_EQ(queue.put_aside_tokens(20.0), 9000U);
  EXPECT_EQ(queue.put_aside_tokens(20.1), 0U);
}

TEST(ArrivalOrder, PutsNothingAside) {
  Queue queue(QueueDiscipline::kFcfs);
  queue.push(waiting(1, 0.0, 9000));
  EXPECT_EQ(queue.put_aside_tokens(10.0), 0U);
}

/// On time by trying every subset by deadline.
std::size_t most_on_time(const std::vector<Waiting>& items) {
  std::size_t most = 0;
  for (std::uint32_t subset = 0; subset < (1U << items.size()); ++subset) {
    std::size_t count = 0;
    TimePoint end{};
    for (std::size_t i = 0; i < items.size(); ++i) {
      if ((subset >> i & 1U) == 0) continue;
      end += std::chrono::milliseconds(items[i].tokens);
      count = end <= items[i].deadline ? count + 1 : 0;
      if (count == 0) break;
    }
    most = std::max(most, count);
  }
  return most;
}

TEST(OnTimeOrder, MakesAsManyOnTimeAsAnySubsetCouldBe) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE("seed=" + std::to_string(seed));
    Random random(seed);
    std::vector<Waiting> items;
    Queue queue(QueueDiscipline::kOnTime);
    for (std::uint64_t id = 1; id <= 9; ++id) {
      Waiting item = waiting(id, 0.0, static_cast<std::uint32_t>(1 + random.below(2000)));
      item.deadline = TimePoint{} + std::chrono::milliseconds(1 + random.below(6000));
      items.push_back(item);
      queue.push(item);
    }
    std::ranges::sort(items, {}, &Waiting::deadline);
    std::size_t on_time = 0;
    double now = 0.0;
    for (std::size_t i = 0; i < items.size(); ++i) {
      const Waiting next = queue.pop(now);
      now += 0.001 * next.tokens;
      if (at(now) <= next.deadline + std::chrono::microseconds(1)) ++on_time;
    }
    EXPECT_EQ(on_time, most_on_time(items));
  }
}

Waiting of_tenant(std::uint64_t tenant, std::uint64_t id, std::uint32_t tokens) {
  Waiting item = waiting(id, 0.0, tokens);
  item.tenant = tenant;
  return item;
}

TEST(FairOrder, ServesTheTenantThatHasHadLeast) {
  Queue queue(QueueDiscipline::kFair);
  for (std::uint64_t id = 1; id <= 4; ++id) queue.push(of_tenant(7, id, 100));
  queue.push(of_tenant(8, 5, 100));
  queue.push(of_tenant(8, 6, 100));
  EXPECT_EQ(queue.drain(), (Ids{1, 5, 2, 6, 3, 4}));
}

TEST(FairOrder, ChargesUncachedTokensNotRequests) {
  Queue queue(QueueDiscipline::kFair);
  queue.push(of_tenant(7, 1, 300));
  queue.push(of_tenant(7, 2, 300));
  for (std::uint64_t id = 3; id <= 6; ++id) queue.push(of_tenant(8, id, 100));
  EXPECT_EQ(queue.drain(), (Ids{1, 3, 4, 5, 2, 6}));
}

TEST(FairOrder, GivesNoCreditForIdleTime) {
  Queue queue(QueueDiscipline::kFair);
  for (std::uint64_t id = 1; id <= 10; ++id) queue.push(of_tenant(7, id, 100));
  for (int i = 0; i < 6; ++i) EXPECT_EQ(queue.pop().tenant, 7U);
  queue.push(of_tenant(8, 11, 100));
  queue.push(of_tenant(8, 12, 100));
  queue.push(of_tenant(8, 13, 100));
  EXPECT_EQ(queue.drain(), (Ids{11, 7, 12, 8, 13, 9, 10}));
}

TEST(FairOrder, ForgetsTenantsThatAreNotAhead) {
  FairOrder order;
  for (std::uint64_t tenant = 1; tenant <= 200'000; ++tenant) order.dispatched(tenant, 1);
  EXPECT_LE(order.tenant_count(), FairOrder::kTenantsMax);
}

TEST(QueueOrder, StandsBelowPriorities) {
  for (const QueueDiscipline discipline :
       {QueueDiscipline::kFcfs, QueueDiscipline::kLongestHit, QueueDiscipline::kShortest,
        QueueDiscipline::kSlack, QueueDiscipline::kOnTime, QueueDiscipline::kFair}) {
    Queue queue(discipline);
    queue.push(waiting(1, 0.0, 10));
    Waiting urgent = waiting(2, 1.0, 4900);
    urgent.priority = 1;
    urgent.tenant = 7;
    queue.push(urgent);
    queue.order().dispatched(7, 1'000'000);
    EXPECT_EQ(queue.pop(1.0).id.value, 2U) << kQueueDisciplineNames[std::size_t(discipline)];
  }
}

TEST(QueueOrder, LearnsHowLongPrefillsTake) {
  SchedulerOptions options = SchedulerDriver::policy("round_robin");
  options.queue = QueueDiscipline::kOnTime;
  options.dispatch_window_requests = 1;
  SchedulerDriver driver(options, 1);
  for (std::uint64_t id = 1; id <= 30; ++id) {  // Three seconds for what should take one.
    driver.arrive(SchedulerDriver::request(id));
    driver.tick(3.0);
    driver.first_token(id);
  }
  driver.arrive(SchedulerDriver::request(31));
  driver.arrive(SchedulerDriver::request(32, 2500));  // At that pace it takes more than 5 s.
  driver.arrive(SchedulerDriver::request(33, 500));
  driver.first_token(31);
  EXPECT_EQ(driver.last_dispatch().request.value, 33U);
}

TEST(QueueOrder, TellsThePolicyWhatIsPutAside) {
  SchedulerDriver driver(SchedulerDriver::policy("ringmaster:escapes=0,load_weight=0"), 2);
  driver.arrive(SchedulerDriver::request(1, 4000));
  driver.arrive(SchedulerDriver::request(2, 3900));  // On the other one.
  const InstanceId busy = driver.last_dispatch().instance;
  driver.arrive(SchedulerDriver::request(3, 1000));  // 4,900 there, held; 4,000 here:
  driver.arrive(SchedulerDriver::request(4, 6000));  // held here, and put aside at once.
  const auto held = SchedulerDriver::of<Hold>(driver.arrive(SchedulerDriver::request(5, 100)));
  ASSERT_EQ(held.size(), 1U);
  EXPECT_NE(held[0].instance, busy);  // 4,000 + 600 of the 6,000, against 4,900.
}

TEST(QueueOrder, OrdersTheHeldRequestsOfAnyPolicy) {
  SchedulerOptions options = SchedulerDriver::policy("round_robin");
  options.queue = QueueDiscipline::kShortest;
  options.dispatch_window_requests = 1;
  SchedulerDriver driver(options, 1);
  driver.arrive(SchedulerDriver::request(1));
  driver.arrive(SchedulerDriver::request(2, 3000));
  driver.arrive(SchedulerDriver::request(3, 500));
  driver.first_token(1);
  EXPECT_EQ(driver.last_dispatch().request.value, 3U);
}

}  // namespace
}  // namespace ringmaster
