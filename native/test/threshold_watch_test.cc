#include "threshold_watch.h"

#include <gtest/gtest.h>

#include "threshold_watch_fixture.h"

namespace spillway {
namespace {

using test::kMs;
using test::kOwn;
using test::ThresholdWatchTest;

// Ray 3.3.3
TEST_F(ThresholdWatchTest, BelowItIsSilent) {
  start();
  for (const uint64_t used : {0, 100, 500, 700}) {
    fixture_.usage(kOwn, used);
    EXPECT_FALSE(look(static_cast<int64_t>(used))) << used;
  }
  EXPECT_FALSE(watch_->take().breach);
}

// Ray 3.3.2
TEST_F(ThresholdWatchTest, EightHundredOfAThousandAtSevenTenthsFires) {
  start();
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(10));
  const ThresholdReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_TRUE(report.crossed);
  EXPECT_TRUE(report.over);
  EXPECT_TRUE(report.is_short);
  EXPECT_EQ(report.level, 0u);
  EXPECT_EQ(report.reading.used, 800u);
  EXPECT_EQ(report.reading.total, 1000u);
  EXPECT_EQ(report.reading.threshold.begin, 700u);
  EXPECT_EQ(report.reading.threshold.clear, 600u);
  EXPECT_EQ(report.reading.pinned, 800u);
  EXPECT_EQ(report.reading.limits.max, 1000u);
  EXPECT_EQ(report.noticed_ns, begin_ns_ + 10 * kMs);
}

// Ray 3.3.1
TEST_F(ThresholdWatchTest, ZeroAlwaysFires) {
  options_.terms.rule.fraction = 0;
  fixture_.usage(kOwn, 0);
  start();
  EXPECT_TRUE(look(0));
  EXPECT_TRUE(watch_->take().crossed);
  EXPECT_FALSE(look(250));
}

// Ray 3.3.4 and 3.3.6, with Spillway's cgroup in the place of the user slice.
TEST_F(ThresholdWatchTest, MemoryHighIsALimit) {
  fixture_.limit(kOwn, "max", "1000");
  start();
  fixture_.usage(kOwn, 700);
  EXPECT_FALSE(look(0));
  fixture_.usage(kOwn, 701);
  EXPECT_TRUE(look(250));
}

// Ray 3.3.7, #63868
TEST_F(ThresholdWatchTest, ALimitThatShrinksFiresWithinASecond) {
  fixture_.usage(kOwn, 500);
  start();
  EXPECT_FALSE(look(10));
  fixture_.limit(kOwn, "600");
  EXPECT_FALSE(look(20)) << "read a moment ago";
  EXPECT_TRUE(look(1000 + 10));
  EXPECT_EQ(watch_->take().reading.total, 600u);
}

TEST_F(ThresholdWatchTest, ALimitThatGrowsIsReadBeforeTheVerdict) {
  start();
  EXPECT_FALSE(look(10));
  fixture_.limit(kOwn, "2000");
  fixture_.usage(kOwn, 800);
  EXPECT_FALSE(look(20)) << "no false alarm by the old one";
  fixture_.usage(kOwn, 1401);
  EXPECT_TRUE(look(30));
}

TEST_F(ThresholdWatchTest, ItIsClearedOnceAndFarEnoughBelow) {
  start();
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(0));
  watch_->take();
  for (const uint64_t used : {900, 700, 650, 601}) {
    fixture_.usage(kOwn, used);
    EXPECT_FALSE(look(250)) << used;
  }
  fixture_.usage(kOwn, 600);
  EXPECT_TRUE(look(500));
  EXPECT_FALSE(watch_->take().over);
  EXPECT_FALSE(look(750));
  fixture_.usage(kOwn, 690);
  EXPECT_FALSE(look(1000)) << "the threshold is above";
}

// JavaScript was busy: one report tells of all.
TEST_F(ThresholdWatchTest, BreachAndEndMergeIntoOneReport) {
  start();
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(10));
  fixture_.usage(kOwn, 100);
  EXPECT_TRUE(look(20));
  const ThresholdReport report = watch_->take();
  EXPECT_TRUE(report.crossed);
  EXPECT_FALSE(report.over);
  EXPECT_EQ(report.reading.used, 800u);
  EXPECT_EQ(report.noticed_ns, begin_ns_ + 10 * kMs);
  EXPECT_EQ(watch_->take().noticed_ns, 0);
}

TEST_F(ThresholdWatchTest, ABreachIsToldAgainOnlyWhereThatIsAskedFor) {
  options_.repeat_ns = 1000 * kMs;
  start();
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(0));
  watch_->take();
  EXPECT_FALSE(look(750));
  fixture_.usage(kOwn, 900);
  EXPECT_TRUE(look(1000));
  const ThresholdReport again = watch_->take();
  EXPECT_TRUE(again.breach);
  EXPECT_FALSE(again.crossed);
  EXPECT_EQ(again.reading.used, 900u);
  EXPECT_FALSE(look(1750));
}

}  // namespace
}  // namespace spillway
