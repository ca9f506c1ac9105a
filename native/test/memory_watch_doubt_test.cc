#include <gtest/gtest.h>

#include "memory_watch_fixture.h"

namespace spillway {
namespace {

using test::kChange;
using test::kSafetyRead;

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr int64_t kMs = 1'000'000;

// A mark of 1000 GiB, so that what always is unaccounted for plays no part on
// any machine: short above 975 GiB.
class MemoryWatchDoubtTest : public test::MemoryWatchTest {
 protected:
  MemoryWatchDoubtTest() {
    directory_.write("memory.high", std::to_string(1000 * kGiB) + "\n");
    stat(0, 0);
  }

  // memory.stat, in GiB; the total of them stands in memory.current, or more.
  void stat(uint64_t anon, uint64_t cache, uint64_t missing = 0) {
    directory_.write("memory.current",
                     std::to_string((anon + cache + missing) * kGiB) + "\n");
    directory_.write("memory.stat",
                     "anon " + std::to_string((anon - anon / 2) * kGiB) +
                         "\nfile " + std::to_string(cache * kGiB) +
                         "\nkernel " + std::to_string(anon / 2 * kGiB) +
                         "\nsock 0\nzswap 0\ninactive_file " +
                         std::to_string(cache * kGiB) + "\nactive_file 0\n");
  }
  void grow() { events({.high = ++high_}); }
  bool look_after(int64_t ns, Cause cause = Cause::kDeadline) {
    now_ns_ += ns - 1;
    return look(cause);
  }

  uint64_t high_ = 0;
};

TEST_F(MemoryWatchDoubtTest, WhatStandsNowhereMayBeCacheThatIsNotShownYet) {
  start();
  stat(10, 5, 980);
  grow();
  EXPECT_FALSE(look(kChange));
  EXPECT_FALSE(watch_->take().is_short);
  EXPECT_EQ(watch_->deadline_ns(), now_ns_ + 5 * kMs) << "looked at again soon";

  stat(10, 980);
  EXPECT_FALSE(look_after(5 * kMs)) << "it was";
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  EXPECT_TRUE(look(kSafetyRead)) << "the growth is told, as churn";
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.is_short);
  EXPECT_TRUE(report.shortness.known);
  EXPECT_EQ(report.delta[kHigh], 1U);
}

TEST_F(MemoryWatchDoubtTest, OrMemory) {
  start();
  stat(10, 5, 980);
  grow();
  EXPECT_FALSE(look(kChange));
  stat(980, 10);
  EXPECT_TRUE(look_after(5 * kMs)) << "it was memory";
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_TRUE(report.is_short);
  EXPECT_EQ(report.noticed_ns, now_ns_);
  EXPECT_EQ(report.delta[kHigh], 1U);
}

TEST_F(MemoryWatchDoubtTest, ItLastsNoLongerThanIsWorthIt) {
  start();
  stat(10, 5, 980);
  grow();
  EXPECT_FALSE(look(kChange));
  for (int64_t ms = 5; ms < 200; ms += 5) EXPECT_FALSE(look_after(5 * kMs));
  EXPECT_TRUE(look_after(5 * kMs));
  EXPECT_TRUE(watch_->take().is_short);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
}

TEST_F(MemoryWatchDoubtTest, EachShortageIsDoubtedAnew) {
  start();
  stat(10, 5, 980);
  grow();
  EXPECT_FALSE(look(kChange));
  stat(10, 500);
  EXPECT_FALSE(look_after(150 * kMs));
  stat(10, 5, 980);
  grow();
  EXPECT_FALSE(look_after(100 * kMs, kChange));
  EXPECT_FALSE(look_after(100 * kMs));
}

TEST_F(MemoryWatchDoubtTest, MoreMayComeMeanwhile) {
  start();
  stat(10, 5, 980);
  for (int each = 0; each < 20; ++each) {
    grow();
    EXPECT_FALSE(look_after(kMs, kChange)) << "JavaScript is not woken";
  }
  EXPECT_FALSE(look_after(kMs, kSafetyRead));
}

TEST_F(MemoryWatchDoubtTest, AKillOfTheKernelIsToldAtOnce) {
  start(key_bit(kHigh) | key_bit(kOomKill));
  stat(10, 5, 980);
  events({.high = 1, .oom_kill = 1});
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.is_short);
  EXPECT_FALSE(report.shortness.known);
}

TEST_F(MemoryWatchDoubtTest, NoDoubtWhereItWouldBeShortWithoutIt) {
  start();
  stat(980, 0, 15);
  grow();
  EXPECT_TRUE(look(kChange));
  EXPECT_TRUE(watch_->take().is_short);
}

TEST_F(MemoryWatchDoubtTest, NoDoubtOfAShortageThatIsUnderWay) {
  start();
  stat(980, 10);
  grow();
  EXPECT_TRUE(look(kChange));
  watch_->take();
  stat(10, 5, 980);
  grow();
  EXPECT_TRUE(look(kChange));
  EXPECT_TRUE(watch_->take().is_short);
}

// Before Linux 5.18 there is no sum of the kernel's memory.
TEST_F(MemoryWatchDoubtTest, NoDoubtWhereTheKernelTellsNotAllParts) {
  start();
  stat(10, 5, 980);
  directory_.write("memory.stat",
                   "anon 0\nfile 0\ninactive_file 0\n"
                   "active_file 0\n");
  grow();
  EXPECT_TRUE(look(kChange));
  EXPECT_TRUE(watch_->take().is_short);
}

TEST_F(MemoryWatchDoubtTest, NoDoubtOverALittle) {
  start();
  stat(980, 10);
  directory_.write("memory.current",
                   std::to_string(990 * kGiB + uint64_t{400} * 4096) + "\n");
  grow();
  EXPECT_TRUE(look(kChange));
}

}  // namespace
}  // namespace spillway
