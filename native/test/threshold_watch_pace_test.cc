#include <gtest/gtest.h>

#include "faults.h"
#include "threshold_watch_fixture.h"

namespace spillway {
namespace {

using test::kMs;
using test::kOwn;
using test::kParent;

// 1000 bytes a second are reckoned with.
class ThresholdWatchPaceTest : public test::ThresholdWatchTest {
 protected:
  ThresholdWatchPaceTest() { options_.pace = {800 * kMs, 1000}; }

  // From this sample to the next one.
  int64_t wait_ms(int64_t at_ms) {
    look(at_ms);
    const int64_t wait_ns = watch_->deadline_ns() - begin_ns_ - at_ms * kMs;
    EXPECT_GT(wait_ns, 0);
    return wait_ns / kMs;
  }
  int64_t next_on_grid_of(int64_t interval_ns) const {
    return (begin_ns_ / interval_ns + 1) * interval_ns;
  }
};

TEST_F(ThresholdWatchPaceTest, TheFirstSampleIsAtOnce) {
  start();
  EXPECT_LE(watch_->deadline_ns(), begin_ns_);
}

TEST_F(ThresholdWatchPaceTest, NearerMeansSooner) {
  options_.terms.rule.fraction = 1;
  start();
  int64_t at_ms = 0;
  for (const auto& [used, at_most_ms] :
       {std::pair{100, 800}, std::pair{600, 400}, std::pair{850, 100},
        std::pair{950, 50}, std::pair{1000, 12}}) {
    fixture_.usage(kOwn, static_cast<uint64_t>(used));
    EXPECT_LE(wait_ms(at_ms += 1000), at_most_ms) << used;
  }
}

// It is the memory that counts, not the cache in front of it.
TEST_F(ThresholdWatchPaceTest, OverTheMarkByCacheAloneItIsTheMemoryThatCounts) {
  options_.terms.rule.fraction = 1;
  fixture_.usage(kOwn, 1001, 1000);
  start();
  look(0);
  EXPECT_EQ(watch_->deadline_ns(), next_on_grid_of(800 * kMs));
}

TEST_F(ThresholdWatchPaceTest, TheNearestLevelSetsThePace) {
  options_.terms.rule.fraction = 1;
  fixture_.limit(kParent, "2000");
  fixture_.usage(kParent, 1990);
  start();
  EXPECT_LE(wait_ms(0), 12);
}

TEST_F(ThresholdWatchPaceTest, OverItThePaceIsTheInterval) {
  options_.pace.interval_ns = 200 * kMs;
  fixture_.usage(kOwn, 800);
  start();
  look(0);
  EXPECT_EQ(watch_->deadline_ns(), next_on_grid_of(200 * kMs));
}

// One pread far from the threshold. Fixture files are opened each time, so
// opens count as preads do.
TEST_F(ThresholdWatchPaceTest, FarAwayOneFileIsRead) {
  start();
  look(0);
  const test::FaultOrder order(&test::faults.open, 2, EIO);
  look(100);
  EXPECT_FALSE(order.used_up());
  EXPECT_EQ(watch_->take().failure->error, EIO);
  look(200);
  EXPECT_TRUE(order.used_up());
  look(300);
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

// It can be written without any memory.
TEST_F(ThresholdWatchPaceTest, AnOrdinaryFileIsAlwaysLookedAt) {
  start();
  look(0);
  EXPECT_FALSE(watch_->rest(Cause::kDeadline, begin_ns_ + kMs, 0));
}

}  // namespace
}  // namespace spillway
