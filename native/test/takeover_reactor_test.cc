// The whole way: files, reactor, plan, killer. And the reactor's deadlines.

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <utility>

#include "clock.h"
#include "killer.h"
#include "memory_watch.h"
#include "reactor_fixture.h"
#include "test_victim.h"

namespace spillway {
namespace {

using test::kHourNs;
using test::kMillisecondNs;

class DeadlineSource final : public test::ProbeSource {
 public:
  DeadlineSource() : ProbeSource(kHourNs) {
    on_look = [this](Cause cause, int64_t now_ns) {
      EXPECT_EQ(cause, Cause::kDeadline);
      EXPECT_GE(now_ns, next_ns);
      next_ns = --more > 0 ? now_ns + kMillisecondNs : kNoDeadline;
      return more == 0;
    };
  }
  int64_t deadline_ns() const override { return next_ns; }

  // Under the reactor's lock.
  int64_t next_ns = kNoDeadline;
  int more = 0;
};

using ReactorDeadlineTest = test::ReactorTest;

TEST_F(ReactorDeadlineTest, LooksAtEachDeadlineAndNotOtherwise) {
  start();
  auto source = std::make_shared<DeadlineSource>();
  const SourceId id = add(source);
  {
    const auto guard = reactor_->lock();
    source->next_ns = monotonic_ns() + kMillisecondNs;
    source->more = 20;
  }
  reactor_->reschedule(id);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{id});
  EXPECT_EQ(source->looks(), 20);
  reactor_->reschedule(id);
  auto clock = probe(kMillisecondNs);
  add(clock);
  ASSERT_TRUE(clock->wait_for_looks(20));
  EXPECT_EQ(source->looks(), 20);
}

TEST_F(ReactorDeadlineTest, OneThatWasPutOffIsNotLookedAtEarly) {
  start();
  auto source = std::make_shared<DeadlineSource>();
  const SourceId id = add(source);
  {
    const auto guard = reactor_->lock();
    source->next_ns = monotonic_ns() + 5 * kMillisecondNs;
    source->more = 1;
  }
  reactor_->reschedule(id);
  {
    const auto guard = reactor_->lock();
    if (source->more == 1) source->next_ns = monotonic_ns() + 50'000'000;
  }
  reactor_->reschedule(id);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(source->looks(), 1);
}

TEST_F(ReactorDeadlineTest, UnknownSourceIsIgnored) {
  start();
  reactor_->reschedule(16);
}

// memory.high 1000, short above 975 until 950.
class TakeoverReactorTest : public test::ReactorTest {
 protected:
  TakeoverReactorTest() {
    directory_.write("memory.events", "low 0\nhigh 0\nmax 0\noom 0\n");
    directory_.write("memory.high", "1000\n");
    directory_.write("memory.max", "max\n");
    usage(990);
  }
  // Before the killer.
  ~TakeoverReactorTest() override { reactor_.reset(); }

  void usage(uint64_t current) {
    directory_.write("memory.stat", "inactive_file 0\nactive_file 0\n");
    directory_.write("memory.current", std::to_string(current) + "\n");
  }

  void start_armed(int64_t takeover_ns) {
    start();
    auto started = Killer::start();
    ASSERT_EQ(failure_of(started), nullptr);
    killer_ = std::move(std::get<std::unique_ptr<Killer>>(started));
    MemoryWatchOptions options;
    options.directory = directory_.path();
    options.safety_read_ns = 5 * kMillisecondNs;
    const auto opened = MemoryWatch::open(std::move(options));
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
    id_ = std::get<SourceId>(reactor_->add(watch_));
    Plan plan;
    for (auto* worker : {&first_, &second_}) {
      plan.ranked.push_back(worker->victim);
    }
    plan.takeover_ns = takeover_ns;
    plan.victim_timeout_ns = kHourNs;
    plan.sink = killer_.get();
    {
      const auto guard = reactor_->lock();
      watch_->takeover().arm(std::move(plan), monotonic_ns());
    }
    reactor_->reschedule(id_);
  }

  test::TestVictim first_{20};
  test::TestVictim second_{20};
  std::unique_ptr<Killer> killer_;
  std::shared_ptr<MemoryWatch> watch_;
  SourceId id_ = 0;
};

TEST_F(TakeoverReactorTest, KillsOneAfterTheOtherWithoutJavaScript) {
  start_armed(20 * kMillisecondNs);
  first_.child.reap();
  first_.leaf.size(0);
  second_.child.reap();
  usage(100);
  ASSERT_TRUE(sink_.take_until(reactor_.get(), [&] {
    const MemoryReport report = watch_->take();
    return report.kills == 2 && !report.is_short;
  }));
  const auto guard = reactor_->lock();
  const auto kills = watch_->takeover().take_kills(monotonic_ns());
  ASSERT_EQ(kills.size(), 2U);
  EXPECT_EQ(kills[0].victim, first_.victim->id());
  EXPECT_EQ(kills[1].victim, second_.victim->id());
  EXPECT_GE(kills[0].decided_ns, kills[0].noticed_ns + 20 * kMillisecondNs);
  EXPECT_GE(kills[0].signalled_ns, kills[0].decided_ns);
  EXPECT_GE(kills[0].exited_ns, kills[0].signalled_ns);
  EXPECT_GE(kills[1].decided_ns, kills[0].exited_ns);
}

TEST_F(TakeoverReactorTest, LeaseKeepsThePlanBack) {
  start_armed(500 * kMillisecondNs);
  auto clock = probe(100 * kMillisecondNs);
  add(clock);
  for (int looks = 1; looks <= 12; ++looks) {
    ASSERT_TRUE(clock->wait_for_looks(looks));
    const auto guard = reactor_->lock();
    EXPECT_EQ(watch_->takeover().lease(monotonic_ns()), 0U);
  }
  {
    const auto guard = reactor_->lock();
    EXPECT_EQ(watch_->takeover().kill_count(), 0U);
  }
  first_.child.reap();  // the lease is over
}

TEST_F(TakeoverReactorTest, StopsInMidRound) {
  start_armed(0);
  first_.child.reap();
  reactor_.reset();
  killer_.reset();
  EXPECT_EQ(first_.leaf.written(), "1");
}

}  // namespace
}  // namespace spillway
