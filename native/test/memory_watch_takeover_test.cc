#include <gtest/gtest.h>

#include <vector>

#include "faults.h"
#include "memory_watch_fixture.h"
#include "test_victim.h"

namespace spillway {
namespace {

using test::kChange;
using test::kSafetyRead;

constexpr Cause kDeadline = Cause::kDeadline;

// One worker of 30 bytes, to be killed 100 ns after the watch is short.
class MemoryWatchTakeoverTest : public test::MemoryWatchTest {
 protected:
  void start_armed(int64_t takeover_ns = 100) {
    start();
    Plan plan;
    plan.ranked = {worker_.victim};
    plan.takeover_ns = takeover_ns;
    plan.victim_timeout_ns = 1'000'000'000;
    plan.sink = &sink_;
    watch_->takeover().arm(std::move(plan), now_ns_);
  }
  // At the deadline, as the reactor would.
  bool look_at_deadline() {
    if (watch_->deadline_ns() != kNoDeadline) now_ns_ = watch_->deadline_ns();
    return watch_->look(kDeadline, now_ns_, buffer_);
  }

  test::TestVictim worker_{30};
  test::FakeKill sink_;
};

TEST_F(MemoryWatchTakeoverTest, KillsAtTheDeadlineAndTells) {
  start_armed();
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  usage(990);
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_EQ(watch_->take().kills, 0U);
  const int64_t noticed_ns = now_ns_;
  EXPECT_EQ(watch_->deadline_ns(), noticed_ns + 100);
  usage(960);  // not short by itself, but not over either
  EXPECT_TRUE(look_at_deadline());
  EXPECT_EQ(sink_.killed.size(), 1U);
  MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach && report.is_short);
  EXPECT_EQ(report.kills, 1U);
  EXPECT_EQ(report.usage.current, 960U);
  const auto kills = watch_->takeover().take_kills(now_ns_);
  ASSERT_EQ(kills.size(), 1U);
  EXPECT_EQ(kills[0].noticed_ns, noticed_ns);
  EXPECT_EQ(kills[0].judgement.usage.current, 960U);
  EXPECT_EQ(kills[0].judgement.limits.high, 1000U);
  EXPECT_EQ(kills[0].judgement.shortness.bytes_to_free, 10U);
  report = watch_->take();
  EXPECT_EQ(report.kills, 0U);
  EXPECT_FALSE(report.breach);
}

TEST_F(MemoryWatchTakeoverTest, ShortageThatIsOverKillsNobodyAndIsTold) {
  start_armed();
  usage(990);
  EXPECT_TRUE(look(kSafetyRead));
  watch_->take();
  usage(950);
  EXPECT_TRUE(look_at_deadline());
  EXPECT_TRUE(sink_.killed.empty());
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.is_short || report.breach);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
}

TEST_F(MemoryWatchTakeoverTest, LoweredLimitCountsAtTheDeadline) {
  start_armed();
  usage(990);
  look(kSafetyRead);
  directory_.write("memory.high", "2000\n");
  EXPECT_TRUE(look_at_deadline());
  EXPECT_TRUE(sink_.killed.empty());
}

TEST_F(MemoryWatchTakeoverTest, KillsOutliveTheShortage) {
  start_armed();
  usage(990);
  look(kSafetyRead);
  look_at_deadline();
  worker_.end();
  usage(100);
  EXPECT_TRUE(look_at_deadline());
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach && !report.is_short);
  EXPECT_EQ(report.kills, 1U);
  EXPECT_EQ(watch_->takeover().take_kills(now_ns_)[0].exited_ns, now_ns_);
}

TEST_F(MemoryWatchTakeoverTest, WithoutTimeItKillsInTheSameLook) {
  start_armed(0);
  usage(990);
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_EQ(sink_.killed.size(), 1U);
  EXPECT_EQ(watch_->take().kills, 1U);
}

TEST_F(MemoryWatchTakeoverTest, LookWithoutANewsIsNoReminder) {
  start_armed();
  usage(990);
  look(kSafetyRead);
  watch_->take();
  look_at_deadline();
  watch_->takeover().take_kills(now_ns_);
  watch_->take();
  for (int looks = 0; looks < 5; ++looks) {
    EXPECT_FALSE(look_at_deadline()) << "the worker is awaited";
    EXPECT_FALSE(watch_->take().breach);
  }
  EXPECT_FALSE(look(kChange));
  EXPECT_TRUE(look(kSafetyRead)) << "the reminder";
}

TEST_F(MemoryWatchTakeoverTest, FilesThatDoNotTellKillNobody) {
  start_armed(0);
  usage(990);
  directory_.write("memory.stat", "nonsense\n");
  look(kSafetyRead);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline) << "never known to be short";
  usage(990);
  {
    const test::FaultOrder order(&test::faults.pread, 100, EIO);
    look(kDeadline);
  }
  EXPECT_TRUE(sink_.killed.empty());
}

TEST_F(MemoryWatchTakeoverTest, FilesThatTellAgainAreLookedAtSoon) {
  start_armed();
  usage(990);
  look(kSafetyRead);
  directory_.write("memory.current", "");
  EXPECT_FALSE(look_at_deadline());
  EXPECT_TRUE(sink_.killed.empty());
  EXPECT_EQ(watch_->deadline_ns(), now_ns_ + 2'000'000);
  usage(990);
  EXPECT_TRUE(look_at_deadline());
  EXPECT_EQ(sink_.killed.size(), 1U);
}

TEST_F(MemoryWatchTakeoverTest, CgroupThatIsGoneHasNoDeadline) {
  start_armed();
  usage(990);
  look(kSafetyRead);
  directory_.remove("memory.events");
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_TRUE(watch_->take().removed);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
}

// One has ended by itself: what it gave back between the look and the count of
// the dying would be in neither.
TEST_F(MemoryWatchTakeoverTest, AfterADeathThePoolIsReadAnew) {
  start_armed();
  usage(980);
  EXPECT_TRUE(look(kSafetyRead));
  watch_->take();
  worker_.end();
  EXPECT_FALSE(look_at_deadline());
  EXPECT_EQ(sink_.killed, std::vector{worker_.victim->id()})
      << "what it left behind, which covers the need";
  worker_.leaf.size(0);
  usage(950);
  EXPECT_TRUE(look_at_deadline());
  EXPECT_FALSE(watch_->take().is_short);
}

}  // namespace
}  // namespace spillway
