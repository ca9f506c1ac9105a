// What is measured where: levels, bases, versions, swap.

#include <gtest/gtest.h>

#include "threshold_watch_fixture.h"

namespace spillway {
namespace {

using test::kHostTotal;
using test::kOwn;
using test::kParent;

class ThresholdWatchPlacesTest : public test::ThresholdWatchTest {};

TEST_F(ThresholdWatchPlacesTest, PageCacheCountsOnlyOnTheBasisThatSaysSo) {
  fixture_.usage(kOwn, 900, 500);
  for (const Basis basis :
       {Basis::kPinned, Basis::kWorkingSet, Basis::kAnonShmem}) {
    options_.terms.basis = basis;
    start();
    EXPECT_FALSE(look(0));
  }
  options_.terms.basis = Basis::kCurrent;
  start();
  EXPECT_TRUE(look(0));
  EXPECT_EQ(watch_->take().reading.used, 900u);
  EXPECT_FALSE(watch_->take().is_short) << "the kernel can reclaim it";
}

// The level above is full, whoever filled it.
TEST_F(ThresholdWatchPlacesTest, ALimitAboveIsHeldAgainstTheUsageThere) {
  fixture_.limit(kOwn, "max");
  fixture_.limit(kParent, "2000");
  fixture_.usage(kParent, 1400);
  start();
  EXPECT_FALSE(look(0));
  fixture_.usage(kParent, 1401);
  EXPECT_TRUE(look(250));
  const ThresholdReport report = watch_->take();
  EXPECT_EQ(report.level, 1u);
  EXPECT_EQ(report.reading.used, 1401u);
  EXPECT_EQ(report.reading.total, 2000u);
}

TEST_F(ThresholdWatchPlacesTest, TheOneFurthestOverIsToldOf) {
  fixture_.limit(kParent, "2000");
  fixture_.usage(kParent, 1402);
  fixture_.usage(kOwn, 701);
  start();
  EXPECT_TRUE(look(0));
  EXPECT_EQ(watch_->take().level, 1u);
  fixture_.usage(kParent, 100);
  EXPECT_FALSE(look(250)) << "the own one is over still";
  fixture_.usage(kOwn, 100);
  EXPECT_TRUE(look(500));
  fixture_.usage(kOwn, 703);
  fixture_.usage(kParent, 1402);
  EXPECT_TRUE(look(750));
  EXPECT_EQ(watch_->take().level, 0u);
}

TEST_F(ThresholdWatchPlacesTest, ALimitAboveThatComesAndGoesIsFollowed) {
  fixture_.usage(kParent, 1900);
  start();
  EXPECT_FALSE(look(0));
  fixture_.limit(kParent, "2000");
  EXPECT_TRUE(look(1000));
  EXPECT_TRUE(watch_->take().over);
  fixture_.limit(kParent, "max");
  EXPECT_TRUE(look(2000));
  EXPECT_FALSE(watch_->take().over);
}

// Ray #59796: what the neighbours and the host use is not this cgroup's.
TEST_F(ThresholdWatchPlacesTest, WithoutALimitTheOwnUsageIsHeldAgainstTheHost) {
  for (const char* limit : {"max", "99999999999"}) {
    fixture_.limit(kOwn, limit);
    fixture_.host(10'000, 1);
    fixture_.usage(kOwn, kHostTotal / 2);
    start();
    EXPECT_FALSE(look(0)) << limit;
    fixture_.usage(kOwn, kHostTotal * 8 / 10);
    EXPECT_TRUE(look(250)) << limit;
    EXPECT_EQ(watch_->take().reading.total, kHostTotal);
  }
}

TEST_F(ThresholdWatchPlacesTest, V1IsWatchedByItsOwnNames) {
  fixture_.usage_v1(kOwn, 900, 500);
  fixture_.limit_v1(kOwn, "1000");
  fixture_.limit_v1(kParent, test::kUnlimitedV1);
  start(PlaceKind::kV1);
  EXPECT_FALSE(look(0)) << "cache";
  fixture_.usage_v1(kOwn, 900, 100);
  EXPECT_TRUE(look(250));
  EXPECT_EQ(watch_->take().reading.used, 800u);
}

TEST_F(ThresholdWatchPlacesTest, TheHostIsWatchedByWhatIsAvailable) {
  options_.terms.basis = Basis::kHost;
  start(PlaceKind::kHost);
  fixture_.host(10'000, 3'000);
  EXPECT_FALSE(look(0));
  fixture_.host(10'000, 2'999);
  EXPECT_TRUE(look(250));
  const ThresholdReport report = watch_->take();
  EXPECT_EQ(report.reading.used, 7'001u * 1024);
  EXPECT_EQ(report.reading.total, kHostTotal);
  EXPECT_TRUE(report.is_short);
  EXPECT_EQ(report.reading.usage.current, std::nullopt);
}

// Ray 3.5, "Swap, host": folded in; ignored with the flag off.
TEST_F(ThresholdWatchPlacesTest, SwapOfTheHostCountsWhereItIsAskedFor) {
  fixture_.host_with_swap(10'000, 1'000);
  options_.terms.basis = Basis::kHost;
  options_.terms.rule.fraction = 0.49;
  start(PlaceKind::kHost);
  EXPECT_FALSE(look(0)) << "1,000 of 10,000";
  options_.terms.include_swap = true;
  start(PlaceKind::kHost);
  EXPECT_TRUE(look(0)) << "10,000 of 20,000";
  EXPECT_EQ(watch_->take().reading.total, 2 * kHostTotal);
}

TEST_F(ThresholdWatchPlacesTest, SwapOfACgroupCountsWhereItIsAskedFor) {
  fixture_.host_with_swap(10'000, 9'000);
  fixture_.usage(kOwn, 650);
  fixture_.directory.write("parent/own/memory.swap.max", "200\n");
  fixture_.directory.write("parent/own/memory.swap.current", "100\n");
  options_.terms.basis = Basis::kWorkingSet;
  start();
  EXPECT_FALSE(look(0));
  options_.terms.include_swap = true;
  start();
  EXPECT_FALSE(look(0)) << "750 of 1,200";
  fixture_.usage(kOwn, 741);
  EXPECT_TRUE(look(250)) << "841 of 1,200";
  EXPECT_EQ(watch_->take().reading.total, 1200u);
  options_.terms = {{0.7, {}, 100}, Basis::kPinned, false};
  fixture_.usage(kOwn, 650);
  start();
  EXPECT_TRUE(look(0)) << "pinned counts it as used: 750 of 1,000";
  EXPECT_EQ(watch_->take().reading.used, 750u);
}

}  // namespace
}  // namespace spillway
