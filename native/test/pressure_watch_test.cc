#include "pressure_watch.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "pressure_watch_fixture.h"

namespace spillway {
namespace {

using test::kMs;
using test::PressureWatchTest;

TEST_F(PressureWatchTest, HoldsOneDescriptorAndRegistersIt) {
  totals(5, 4);
  start();
  EXPECT_EQ(registrar_.kernfs_fds.size(), 1u);
  EXPECT_EQ(watch_->granted().window_us, 1'000'000u);
  EXPECT_EQ(watch_->granted().stall_us, 100'000u);
  const PressureReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_EQ(report.totals.some_us, 5u);
  EXPECT_EQ(report.growth.some_us, 0u);
}

TEST_F(PressureWatchTest, AnEventWithGrowthIsABreach) {
  totals(1'000'000, 500'000);
  start();
  totals(1'300'000, 600'000);
  EXPECT_TRUE(event(1000));
  PressureReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_TRUE(report.stalled);
  EXPECT_EQ(report.totals.full_us, 600'000u);
  EXPECT_EQ(report.growth.some_us, 300'000u);
  EXPECT_EQ(report.growth.full_us, 100'000u);
  EXPECT_EQ(report.noticed_ns, 1000 * kMs);
  report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_TRUE(report.stalled);
  EXPECT_EQ(report.growth.full_us, 0u);
}

// A trigger without CAP_SYS_RESOURCE starts from zero, and so tells of all the
// stalls since boot at the first little one.
TEST_F(PressureWatchTest, TheFalseFirstEventIsNone) {
  totals(9'000'000, 9'000'000);
  start();
  EXPECT_FALSE(event(1000)) << "no growth";
  totals(9'000'300, 9'000'200);
  EXPECT_FALSE(event(2000)) << "growth, but not of the trigger's size";
  EXPECT_FALSE(watch_->take().breach);
  totals(9'100'000, 9'100'000);
  EXPECT_TRUE(event(3000));
}

// Totals are cut to whole microseconds: 99,999 may be 100,000 by the kernel.
TEST_F(PressureWatchTest, TheLastMicrosecondIsNotAskedFor) {
  totals(0, 0);
  start();
  totals(0, 99'998);
  EXPECT_FALSE(event(1000));
  totals(0, 99'999);
  EXPECT_TRUE(event(1001));
}

TEST_F(PressureWatchTest, OnlyItsOwnKindCounts) {
  totals(0, 0);
  start(Stall::kFull);
  totals(500'000, 0);
  EXPECT_FALSE(event(1000));
  start(Stall::kSome);
  totals(1'000'000, 0);
  EXPECT_TRUE(event(1000));
}

// The burst was counted at a safety read, before its event came.
TEST_F(PressureWatchTest, ASafetyReadTakesNoGrowthFromAnEvent) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_FALSE(look(Cause::kSafetyRead, 900));
  EXPECT_TRUE(event(1000));
  EXPECT_EQ(watch_->take().growth.full_us, 150'000u);
}

// Whoever reads the file puts the kernel's events off.
TEST_F(PressureWatchTest, ASafetyReadSeesAStallByItself) {
  totals(0, 0);
  start();
  EXPECT_FALSE(look(Cause::kSafetyRead, 1000));
  totals(0, 99'999);
  EXPECT_FALSE(look(Cause::kSafetyRead, 1900));
  totals(0, 100'000);
  EXPECT_TRUE(look(Cause::kSafetyRead, 2000));
  EXPECT_EQ(watch_->take().growth.full_us, 100'000u);
}

TEST_F(PressureWatchTest, ASlowTrickleIsNoStall) {
  totals(0, 0);
  start();
  for (int64_t at_ms = 1000; at_ms < 100'000; at_ms += 1000) {
    totals(0, static_cast<uint64_t>(at_ms) * 90);
    EXPECT_FALSE(look(Cause::kSafetyRead, at_ms)) << at_ms;
  }
}

TEST_F(PressureWatchTest, AStallThatGoesOnIsToldOncePerWindow) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_FALSE(event(1500)) << "nothing new";
  totals(0, 400'000);
  EXPECT_FALSE(event(1999)) << "the window goes on";
  EXPECT_TRUE(event(2000));
  EXPECT_EQ(watch_->take().growth.full_us, 400'000u) << "merged";
  EXPECT_FALSE(look(Cause::kDeadline, 2500));
  totals(0, 500'000);
  EXPECT_TRUE(look(Cause::kDeadline, 3000)) << "without an event";
  EXPECT_EQ(watch_->take().growth.full_us, 100'000u);
}

TEST_F(PressureWatchTest, TwoQuietWindowsEndAStall) {
  totals(0, 0);
  start();
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_EQ(watch_->deadline_ns(), 2000 * kMs);
  EXPECT_FALSE(look(Cause::kSafetyRead, 1999)) << "the window goes on";
  EXPECT_EQ(watch_->deadline_ns(), 2000 * kMs);
  totals(0, 249'999);
  EXPECT_FALSE(look(Cause::kDeadline, 2000)) << "quiet, the first";
  EXPECT_EQ(watch_->deadline_ns(), 3000 * kMs);
  watch_->take();
  EXPECT_TRUE(look(Cause::kDeadline, 3000));
  const PressureReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_FALSE(report.stalled);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  EXPECT_FALSE(look(Cause::kSafetyRead, 9000)) << "once";
}

TEST_F(PressureWatchTest, AStallAfterOneQuietWindowBeginsTheCountAnew) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_FALSE(look(Cause::kDeadline, 2000)) << "quiet, the first";
  totals(0, 250'000);
  EXPECT_TRUE(look(Cause::kDeadline, 3000)) << "not quiet";
  EXPECT_FALSE(look(Cause::kDeadline, 4000)) << "quiet, the first again";
  EXPECT_TRUE(look(Cause::kDeadline, 5000));
  EXPECT_FALSE(watch_->take().stalled);
}

// JavaScript was busy: one report tells of both.
TEST_F(PressureWatchTest, BreachAndEndMergeIntoOneReport) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  EXPECT_FALSE(look(Cause::kDeadline, 2000));
  EXPECT_TRUE(look(Cause::kDeadline, 3000));
  const PressureReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.stalled);
  EXPECT_EQ(report.noticed_ns, 1000 * kMs);
}

TEST_F(PressureWatchTest, ABreachCarriesTheCgroupsFigures) {
  totals(0, 0);
  directory_.write("memory.current", "990\n");
  directory_.write("memory.stat", "anon 990\ninactive_file 0\nactive_file 0\n");
  directory_.write("memory.high", "1000\n");
  directory_.write("memory.max", "max\n");
  start(Stall::kFull, /*with_figures=*/true);
  EXPECT_FALSE(watch_->take().shortness.known);
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  const PressureReport report = watch_->take();
  EXPECT_EQ(report.usage.current, 990u);
  EXPECT_EQ(report.limits.high, 1000u);
  EXPECT_TRUE(report.shortness.known);
  EXPECT_TRUE(report.shortness.is_short);
}

TEST_F(PressureWatchTest, WithoutACgroupNothingIsKnownOfShortness) {
  totals(0, 0);
  start();
  totals(0, 150'000);
  EXPECT_TRUE(event(1000));
  const PressureReport report = watch_->take();
  EXPECT_FALSE(report.shortness.known);
  EXPECT_EQ(report.usage.current, std::nullopt);
}

}  // namespace
}  // namespace spillway
