#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "child_process.h"
#include "fake_registrar.h"
#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "memory_watch.h"
#include "memory_watch_fixture.h"
#include "probe_source.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::kChange;
using test::kSafetyRead;
using test::MemoryWatchTest;

TEST_F(MemoryWatchTest, GrowthWhileShortIsToldAtOnce) {
  start();
  events({.high = 2});
  usage(990);
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 2U);
  EXPECT_EQ(report.counters[kHigh], 2U);
  EXPECT_EQ(report.usage.current, 990U);
  EXPECT_EQ(report.limits.high, 1000U);
  EXPECT_TRUE(report.shortness.is_short);
  EXPECT_EQ(report.shortness.bytes_to_free, 40U);
  EXPECT_EQ(report.noticed_ns, now_ns_);
}

TEST_F(MemoryWatchTest, ChurnWaitsForTheSafetyRead) {
  usage(1000, 900);
  start();
  for (uint64_t high = 1; high <= 200; ++high) {
    events({.high = high});
    EXPECT_FALSE(look(kChange));
  }
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 200U);
  EXPECT_TRUE(report.shortness.known);
  EXPECT_FALSE(report.shortness.is_short);
  EXPECT_EQ(report.noticed_ns, 1001) << "when it began";
  EXPECT_FALSE(look(kSafetyRead)) << "nothing since";
}

TEST_F(MemoryWatchTest, ChurnThatTurnsToShortageIsToldAtOnce) {
  usage(1000, 900);
  start();
  events({.high = 1});
  EXPECT_FALSE(look(kChange));
  usage(1000, 10);
  events({.high = 2});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 2U);
}

// Churn is told late, and all of it seemed to be the answer's delay.
TEST_F(MemoryWatchTest, ShortageIsNoticedWhenItBeginsNotWhenChurnDid) {
  usage(1000, 900);
  start();
  events({.high = 1});
  EXPECT_FALSE(look(kChange));
  usage(1000, 10);
  events({.high = 2});
  EXPECT_TRUE(look(kChange));
  const int64_t began_ns = now_ns_;
  usage(500);
  EXPECT_TRUE(look(kSafetyRead)) << "over";
  usage(1000, 10);
  EXPECT_TRUE(look(kSafetyRead)) << "the next one";
  EXPECT_EQ(watch_->take().noticed_ns, began_ns) << "the first one";

  usage(500);
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_NE(watch_->take().noticed_ns, 0);
  usage(990);
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_EQ(watch_->take().noticed_ns, now_ns_);
}

TEST_F(MemoryWatchTest, KillOfTheKernelIsToldAtOnce) {
  start(key_bit(kHigh) | key_bit(kOomKill));
  events({.oom_kill = 1});
  EXPECT_TRUE(look(kChange));
  EXPECT_TRUE(watch_->take().breach);
}

TEST_F(MemoryWatchTest, GrowthIsToldAtOnceWhereShortnessIsUnknown) {
  start();
  directory_.remove("memory.current");
  directory_.remove("memory.high");
  directory_.remove("memory.max");
  events({.high = 1});
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.shortness.known);
}

TEST_F(MemoryWatchTest, SafetyReadFindsAShortageWithoutAnEvent) {
  start();
  usage(990);
  EXPECT_FALSE(look(kChange)) << "the counters did not change";
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 0U);
  EXPECT_TRUE(report.shortness.is_short);
}

TEST_F(MemoryWatchTest, LoweredLimitIsAShortage) {
  usage(500);
  start();
  EXPECT_FALSE(look(kSafetyRead));
  directory_.write("memory.high", "400\n");
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.limits.high, 400U);
  EXPECT_EQ(report.shortness.bytes_to_free, 120U);
}

TEST_F(MemoryWatchTest, ShortageIsSaidAgainAtEachSafetyRead) {
  usage(990);
  start();
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(look(kSafetyRead));
    EXPECT_TRUE(watch_->take().breach);
    EXPECT_FALSE(look(kChange));
  }
}

TEST_F(MemoryWatchTest, EndOfAShortageIsToldOnce) {
  usage(990);
  start();
  EXPECT_TRUE(look(kSafetyRead));
  watch_->take();
  usage(960);
  EXPECT_TRUE(look(kSafetyRead)) << "in the gap it is still short";
  EXPECT_TRUE(watch_->take().shortness.is_short);
  usage(950);
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_FALSE(report.shortness.is_short);
  EXPECT_FALSE(look(kSafetyRead));
  usage(960);
  EXPECT_FALSE(look(kSafetyRead)) << "in the gap it is not short again";
}

// A half-written limit or usage file was taken for the end of the shortage.
TEST_F(MemoryWatchTest, FilesThatDoNotTellEndNoShortage) {
  usage(960);
  start();
  usage(990);
  EXPECT_TRUE(look(kSafetyRead));
  for (const char* name : {"memory.high", "memory.current", "memory.stat"}) {
    usage(960);
    directory_.write("memory.high", "1000\n");
    watch_->take();
    directory_.write(name, "");
    EXPECT_TRUE(look(kSafetyRead)) << name << ": still said again";
    EXPECT_FALSE(watch_->take().shortness.known) << name;
  }
  usage(960);
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_TRUE(watch_->take().shortness.is_short) << "the gap remembers";
}

}  // namespace
}  // namespace spillway
