#include "threshold_rule.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "memory_builders.h"

namespace spillway {
namespace {

using test::limits_of;

struct FormulaCase {
  std::string scenario;
  uint64_t total;
  double fraction;
  std::optional<uint64_t> min_free;
  uint64_t threshold;
};

class ThresholdFormulaTest : public testing::TestWithParam<FormulaCase> {};

// max(total * fraction, total - min_free), by the table of Ray's tests.
INSTANTIATE_TEST_SUITE_P(
    Ray3_5, ThresholdFormulaTest,
    testing::Values(FormulaCase{"NothingMustBeFree", 100, 0.5, 0, 100},
                    FormulaCase{"TheFractionIsMore", 100, 0.5, 60, 50},
                    FormulaCase{"TheWholeTotal", 100, 1, 10, 100},
                    FormulaCase{"AllOfItMustBeFree", 100, 0.1, 100, 10},
                    FormulaCase{"ZeroWithSomeFree", 100, 0, 10, 90},
                    FormulaCase{"ZeroWithAllFree", 100, 0, 100, 0},
                    FormulaCase{"HalfWithoutMinFree", 100, 0.5, {}, 50},
                    FormulaCase{"WholeWithoutMinFree", 100, 1, {}, 100},
                    FormulaCase{"TenthWithoutMinFree", 100, 0.1, {}, 10},
                    FormulaCase{"ZeroWithoutMinFree", 100, 0, {}, 0},
                    // Ray #63868: the floor is ignored after a resize.
                    FormulaCase{"MoreFreeThanThereIs", 100, 0.5, 101, 50},
                    FormulaCase{"NoTotal", 0, 0.95, 10, 0}),
    [](const auto& scenario) { return scenario.param.scenario; });

TEST_P(ThresholdFormulaTest, Holds) {
  const auto& [scenario, total, fraction, min_free, threshold] = GetParam();
  EXPECT_EQ(threshold_of(total, {fraction, min_free, {}}).begin, threshold);
}

TEST(ThresholdRuleTest, TheLargestTotalsDoNotOverflow) {
  EXPECT_EQ(threshold_of(kSaturated, {1, {}, {}}).begin, kSaturated);
  EXPECT_EQ(threshold_of(kSaturated, {0.5, 1, {}}).begin, kSaturated - 1);
}

TEST(ThresholdRuleTest, ItEndsAKillBufferBelow) {
  EXPECT_EQ(threshold_of(1000, {0.8, {}, {}}).clear, 760u) << "5 %";
  EXPECT_EQ(threshold_of(1000, {0.8, {}, 100}).clear, 700u);
  EXPECT_EQ(threshold_of(1000, {0.8, {}, 0}).clear, 800u);
  EXPECT_EQ(threshold_of(1000, {0.8, {}, 900}).clear, 400u) << "at most half";
}

TEST(ThresholdRuleTest, OverIsStrictlyAboveAndEndsAtTheClearLevel) {
  const Threshold threshold{100, 90};
  EXPECT_FALSE(is_over(100, threshold, false));
  EXPECT_TRUE(is_over(101, threshold, false));
  EXPECT_TRUE(is_over(91, threshold, true));
  EXPECT_FALSE(is_over(90, threshold, true));
}

// Ray 3.3.1
TEST(ThresholdRuleTest, AThresholdOf0IsAlwaysPassed) {
  EXPECT_TRUE(is_over(0, {0, 0}, false));
  EXPECT_TRUE(is_over(0, {0, 0}, true));
}

// Ray 3.3.2 and 3.3.3
TEST(ThresholdRuleTest, EightHundredOfAThousandAtSevenTenthsIsOver) {
  const Threshold threshold = threshold_of(1000, {0.7, {}, {}});
  EXPECT_TRUE(is_over(800, threshold, false));
  EXPECT_FALSE(is_over(699, threshold, false));
}

TEST(ThresholdRuleTest, TheTotalIsTheLowestLimit) {
  EXPECT_EQ(total_of(limits_of(300, 500), 1000), 300u);
  EXPECT_EQ(total_of(limits_of(kUnlimited, 500), 1000), 500u);
  EXPECT_EQ(total_of(limits_of(kUnlimited, kUnlimited), 1000), 1000u);
  EXPECT_EQ(total_of(limits_of({}, {}), 1000), 1000u);
  EXPECT_EQ(total_of(limits_of(5000, 5000), 1000), 1000u) << "Ray #59796";
}

MemoryUsage full_usage() {
  MemoryUsage usage = test::with_cache(1000, 200, 300, 50);
  usage.anon = 400;
  usage.shmem = 30;
  usage.swap = 70;
  usage.swap_cached = 20;
  return usage;
}

struct BasisCase {
  std::string scenario;
  Basis basis;
  bool include_swap;
  uint64_t swap_max;
  uint64_t used;
};

class UsedTest : public testing::TestWithParam<BasisCase> {};

INSTANTIATE_TEST_SUITE_P(
    Ray3_5, UsedTest,
    testing::Values(
        BasisCase{"WorkingSetComputed", Basis::kWorkingSet, false, 100, 500},
        BasisCase{"SwapAddedCachedOnce", Basis::kWorkingSet, true, 100, 550},
        BasisCase{"SwapOf0Ignored", Basis::kWorkingSet, true, 0, 500},
        BasisCase{"AnonAndShmem", Basis::kAnonShmem, false, 100, 430},
        BasisCase{"AnonShmemAndSwap", Basis::kAnonShmem, true, 100, 480},
        BasisCase{"Current", Basis::kCurrent, false, 100, 1000},
        BasisCase{"CurrentAndSwap", Basis::kCurrent, true, 100, 1050},
        BasisCase{"PinnedWithSwapAllowed", Basis::kPinned, false, 100, 520},
        BasisCase{"PinnedWithoutSwap", Basis::kPinned, false, 0, 450}),
    [](const auto& scenario) { return scenario.param.scenario; });

TEST_P(UsedTest, Is) {
  const auto& [scenario, basis, include_swap, swap_max, used] = GetParam();
  EXPECT_EQ(used_of(basis, include_swap, full_usage(),
                    limits_of(5000, 5000, swap_max)),
            used);
}

// Ray 3.5: "negative -> 0".
TEST(ThresholdRuleTest, ACacheLargerThanTheTotalLeavesNothing) {
  const MemoryUsage usage = test::with_cache(100, 80, 80);
  EXPECT_EQ(used_of(Basis::kWorkingSet, false, usage, {}), 0u);
  EXPECT_EQ(used_of(Basis::kPinned, false, usage, {}), 0u);
}

// Ray 3.5: "a stat field missing -> null".
TEST(ThresholdRuleTest, AMissingFigureIsNotTakenAs0) {
  MemoryUsage usage = full_usage();
  usage.inactive_file.reset();
  EXPECT_EQ(used_of(Basis::kWorkingSet, false, usage, {}), std::nullopt);
  EXPECT_EQ(used_of(Basis::kPinned, false, usage, {}), std::nullopt);
  usage.shmem.reset();
  EXPECT_EQ(used_of(Basis::kAnonShmem, false, usage, {}), std::nullopt);
  usage.current.reset();
  EXPECT_EQ(used_of(Basis::kCurrent, false, usage, {}), std::nullopt);
}

// Ray 3.5, "Swap, v2": unlimited is the host's swap, a missing file is none.
TEST(ThresholdRuleTest, RoomInSwapIsThatOfTheHostAtMost) {
  EXPECT_EQ(swap_room(limits_of({}, {}, kUnlimited), 700), 700u);
  EXPECT_EQ(swap_room(limits_of({}, {}, 100), 700), 100u);
  EXPECT_EQ(swap_room(limits_of({}, {}, 900), 700), 700u);
  EXPECT_EQ(swap_room(limits_of({}, {}, std::nullopt), 700), 0u);
  EXPECT_EQ(swap_room(limits_of({}, {}, kUnlimited), 0), 0u);
}

}  // namespace
}  // namespace spillway
