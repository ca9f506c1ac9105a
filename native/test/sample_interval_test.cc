#include "sample_interval.h"

#include <gtest/gtest.h>

#include "flat_keyed.h"

namespace spillway {
namespace {

constexpr int64_t kMs = 1'000'000;
constexpr SamplePace kPace = {250 * kMs, uint64_t{4} << 30};

double time_left_ns(uint64_t distance) {
  return static_cast<double>(distance) /
         static_cast<double>(kPace.growth_per_second) * 1e9;
}

TEST(SampleIntervalTest, FarAwayItIsASecond) {
  EXPECT_EQ(sample_interval_ns(kUnlimited, kPace), 1000 * kMs);
  EXPECT_EQ(sample_interval_ns(uint64_t{4} << 30, kPace), 1000 * kMs);
}

TEST(SampleIntervalTest, BetweenItIsTwiceAndOnceTheInterval) {
  EXPECT_EQ(sample_interval_ns((uint64_t{4} << 30) - 1, kPace), 500 * kMs);
  EXPECT_EQ(sample_interval_ns(uint64_t{2} << 30, kPace), 500 * kMs);
  EXPECT_EQ(sample_interval_ns(uint64_t{1} << 30, kPace), 250 * kMs);
}

TEST(SampleIntervalTest, AnIntervalThatIsNoPartOfASecondStaysBelowIt) {
  EXPECT_EQ(sample_interval_ns(kUnlimited, {300 * kMs, 1}), 600 * kMs);
}

TEST(SampleIntervalTest, AnIntervalAboveASecondIsTheSlowest) {
  EXPECT_EQ(sample_interval_ns(kUnlimited, {1001 * kMs, 1}), 1001 * kMs);
}

TEST(SampleIntervalTest, AtTheThresholdItIsTheFastestHalf) {
  EXPECT_EQ(sample_interval_ns(0, kPace), 15'625'000);
}

// The rule: nothing that grows as fast as is reckoned with gets there unseen.
TEST(SampleIntervalTest, ItIsNeverLongerThanTheWayTakes) {
  for (uint64_t distance = 1; distance < uint64_t{1} << 40; distance *= 3) {
    const int64_t interval_ns = sample_interval_ns(distance, kPace);
    EXPECT_TRUE(static_cast<double>(interval_ns) <= time_left_ns(distance) ||
                interval_ns / 2 < kFastestSampleNs)
        << distance;
  }
}

TEST(SampleIntervalTest, ItIsTheLongestHalfThatMay) {
  for (uint64_t distance = 1; distance < uint64_t{1} << 40; distance *= 3) {
    const int64_t interval_ns = sample_interval_ns(distance, kPace);
    if (interval_ns == kSlowestSampleNs) continue;
    EXPECT_GT(static_cast<double>(2 * interval_ns), time_left_ns(distance))
        << distance;
  }
}

TEST(SampleIntervalTest, ItFallsWithTheDistance) {
  int64_t before = kSlowestSampleNs;
  for (uint64_t distance = uint64_t{8} << 30; distance > 0; distance /= 2) {
    const int64_t interval_ns = sample_interval_ns(distance, kPace);
    EXPECT_LE(interval_ns, before);
    EXPECT_GE(interval_ns, kFastestSampleNs);
    before = interval_ns;
  }
}

TEST(SampleIntervalTest, ExtremePacesAreKept) {
  EXPECT_EQ(sample_interval_ns(0, {10 * kMs, 1}), 10 * kMs);
  EXPECT_EQ(sample_interval_ns(1, {250 * kMs, 1}), 1000 * kMs) << "slow growth";
  EXPECT_EQ(sample_interval_ns(kSaturated, {3'600'000 * kMs, kSaturated}),
            3'600'000 * kMs / 4096)
      << "0.88 s, the first half below 1 s";
}

TEST(SampleIntervalTest, TheNextSampleLiesOnAGridAndAtMostSoFar) {
  for (int64_t now_ns = 0; now_ns < 600 * kMs; now_ns += 777'777) {
    const int64_t next_ns = next_sample_ns(now_ns, 125 * kMs);
    EXPECT_GT(next_ns, now_ns);
    EXPECT_LE(next_ns - now_ns, 125 * kMs);
    EXPECT_EQ(next_ns % (125 * kMs), 0) << "shared with all others";
  }
}

}  // namespace
}  // namespace spillway
