#include "shortness.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <random>
#include <string>

namespace spillway {
namespace {

// Figures in MiB read better; the rule has no unit.
struct Case {
  const char* name;
  MemoryUsage usage;
  MemoryLimits limits;
  std::optional<uint64_t> kill_buffer;
  bool was_short;
  // Expected:
  bool known;
  bool is_short;
  uint64_t bytes_to_free;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

MemoryUsage anonymous(uint64_t current) {
  MemoryUsage usage;
  usage.current = current;
  usage.active_file = 0;
  usage.inactive_file = 0;
  return usage;
}

MemoryUsage with_cache(uint64_t current, uint64_t active, uint64_t inactive,
                       uint64_t slab = 0) {
  MemoryUsage usage = anonymous(current);
  usage.active_file = active;
  usage.inactive_file = inactive;
  usage.slab_reclaimable = slab;
  return usage;
}

MemoryUsage with_swap(MemoryUsage usage, uint64_t swap) {
  usage.swap = swap;
  return usage;
}

MemoryUsage total_only(uint64_t current) {
  MemoryUsage usage;
  usage.current = current;
  return usage;
}

MemoryLimits limits_of(std::optional<uint64_t> high,
                       std::optional<uint64_t> max = kUnlimited,
                       std::optional<uint64_t> swap_max = 0) {
  return {high, max, swap_max};
}

class ShortnessTable : public testing::TestWithParam<Case> {};

TEST_P(ShortnessTable, Verdict) {
  const Case& c = GetParam();
  const Shortness result =
      evaluate_shortness(c.usage, c.limits, c.kill_buffer, c.was_short);
  EXPECT_EQ(result.known, c.known);
  EXPECT_EQ(result.is_short, c.is_short);
  EXPECT_EQ(result.bytes_to_free, c.bytes_to_free);
}

// With high 1000 and the default buffer, 50: short above 975, clear at 950.
INSTANTIATE_TEST_SUITE_P(
    , ShortnessTable,
    testing::Values(
        Case{"Far", anonymous(100), limits_of(1000), {}, false, true, false, 0},
        Case{"AtBegin",
             anonymous(975),
             limits_of(1000),
             {},
             false,
             true,
             false,
             0},
        Case{"AboveBegin",
             anonymous(976),
             limits_of(1000),
             {},
             false,
             true,
             true,
             26},
        Case{"GapFromBelow",
             anonymous(960),
             limits_of(1000),
             {},
             false,
             true,
             false,
             0},
        Case{"GapFromAbove",
             anonymous(960),
             limits_of(1000),
             {},
             true,
             true,
             true,
             10},
        Case{"AboveClear",
             anonymous(951),
             limits_of(1000),
             {},
             true,
             true,
             true,
             1},
        Case{"AtClear",
             anonymous(950),
             limits_of(1000),
             {},
             true,
             true,
             false,
             0},
        Case{"Churn",
             with_cache(1000, 200, 700),
             limits_of(1000),
             {},
             false,
             true,
             false,
             0},
        Case{"ChurnOfSlab",
             with_cache(1000, 0, 0, 100),
             limits_of(1000),
             {},
             false,
             true,
             false,
             0},
        Case{"PinnedBesideCache",
             with_cache(1000, 10, 10),
             limits_of(1000),
             {},
             false,
             true,
             true,
             30},
        Case{"SwapAllowed",
             with_swap(anonymous(900), 100),
             limits_of(1000, kUnlimited, 500),
             {},
             false,
             true,
             true,
             50},
        Case{"SwapUnlimited",
             with_swap(anonymous(900), 100),
             limits_of(1000, kUnlimited, kUnlimited),
             {},
             false,
             true,
             true,
             50},
        Case{"SwapForbidden",
             with_swap(anonymous(900), 100),
             limits_of(1000),
             {},
             false,
             true,
             false,
             0},
        Case{"SwapUnknown",
             anonymous(980),
             limits_of(1000, kUnlimited, std::nullopt),
             {},
             false,
             true,
             true,
             30},
        Case{"MaxAlone",
             anonymous(1000),
             limits_of(kUnlimited, 1000),
             {},
             false,
             true,
             true,
             50},
        Case{"MaxBelowHigh",
             anonymous(1000),
             limits_of(2000, 1000),
             {},
             false,
             true,
             true,
             50},
        Case{"NoLimit",
             anonymous(1000),
             limits_of(kUnlimited),
             {},
             false,
             true,
             false,
             0},
        Case{"LimitLifted",
             anonymous(1000),
             limits_of(kUnlimited),
             {},
             true,
             true,
             false,
             0},
        Case{"LimitsUnknown",
             anonymous(1000),
             limits_of(std::nullopt, std::nullopt),
             {},
             true,
             false,
             false,
             0},
        Case{"HighUnknown",
             anonymous(1000),
             limits_of(std::nullopt, 1000),
             {},
             false,
             true,
             true,
             50},
        Case{"HighZero", anonymous(1), limits_of(0), {}, false, true, true, 1},
        Case{"HighZeroEmpty",
             anonymous(0),
             limits_of(0),
             {},
             true,
             true,
             false,
             0},
        Case{"BufferGiven", anonymous(860), limits_of(1000), 300, false, true,
             true, 160},
        Case{"BufferZero", anonymous(1001), limits_of(1000), 0, false, true,
             true, 1},
        Case{"BufferZeroAtMark", anonymous(1000), limits_of(1000), 0, true,
             true, false, 0},
        Case{"BufferAboveMark", anonymous(501), limits_of(1000), 1000, false,
             true, true, 501},
        Case{"BufferFarAboveMark", anonymous(1), limits_of(1000), kUnlimited,
             false, true, true, 1},
        Case{"PartsAboveTotal",
             with_cache(1000, 900, 200, 50),
             limits_of(1000),
             {},
             true,
             true,
             false,
             0},
        Case{"StatUnread",
             total_only(1000),
             limits_of(1000),
             {},
             true,
             false,
             false,
             0},
        Case{"StatUnreadFar",
             total_only(900),
             limits_of(1000),
             {},
             true,
             true,
             false,
             0},
        Case{"NothingRead", {}, limits_of(1000), {}, false, false, false, 0},
        Case{"SlabUnknown",
             anonymous(976),
             limits_of(1000),
             {},
             false,
             true,
             true,
             26},
        Case{"Saturated", with_swap(anonymous(kSaturated), kSaturated),
             limits_of(kSaturated, kUnlimited, kUnlimited), 0, false, true,
             true, kSaturated}),
    [](const auto& entry) { return std::string(entry.param.name); });

TEST(Shortness, ReportsTheLevels) {
  const Shortness result =
      evaluate_shortness(with_cache(990, 100, 50), limits_of(1000), {}, false);
  EXPECT_EQ(result.mark, 1000U);
  EXPECT_EQ(result.clear_level, 950U);
  EXPECT_EQ(result.pinned, 840U);
}

TEST(Shortness, OneShortageHasOneBeginningAndOneEnd) {
  bool was_short = false;
  int changes = 0;
  for (const uint64_t current :
       {940U, 970U, 976U, 960U, 975U, 951U, 976U, 950U, 970U, 975U}) {
    const bool is_short =
        evaluate_shortness(anonymous(current), limits_of(1000), {}, was_short)
            .is_short;
    if (is_short != was_short) ++changes;
    was_short = is_short;
  }
  EXPECT_EQ(changes, 2);
}

// The shortcut may not hide a shortage: whenever memory.stat is said to be
// unnecessary, no memory.stat whatever could make the cgroup short.
TEST(Shortness, StatIsOnlySkippedWhereItCannotMatter) {
  std::mt19937_64 random(1);
  const auto amount = [&random]() -> uint64_t {
    switch (random() % 8) {
      case 0:
        return 0;
      case 1:
        return kSaturated;
      default:
        return random() % 2000;
    }
  };
  const auto maybe = [&](uint64_t otherwise) -> std::optional<uint64_t> {
    switch (random() % 6) {
      case 0:
        return std::nullopt;
      case 1:
        return otherwise;
      default:
        return amount();
    }
  };
  int skipped = 0;
  for (int round = 0; round < 200'000; ++round) {
    MemoryUsage usage;
    usage.current = amount();
    usage.swap = maybe(0);
    const MemoryLimits limits{maybe(kUnlimited), maybe(kUnlimited),
                              maybe(kUnlimited)};
    const std::optional<uint64_t> buffer =
        random() % 2 == 0 ? std::nullopt : maybe(kUnlimited);
    const bool was_short = random() % 2 == 0;
    if (needs_stat(usage, limits, buffer)) continue;
    ++skipped;
    const bool limited = limits.high.has_value() || limits.max.has_value();
    const Shortness without =
        evaluate_shortness(usage, limits, buffer, was_short);
    ASSERT_EQ(without.known, limited);
    ASSERT_FALSE(without.is_short);
    usage.active_file = random() % 2 == 0 ? 0 : amount();
    usage.inactive_file = random() % 2 == 0 ? 0 : amount();
    usage.slab_reclaimable = maybe(0);
    ASSERT_FALSE(evaluate_shortness(usage, limits, buffer, was_short).is_short);
  }
  EXPECT_GT(skipped, 10'000);
}

// What is to be freed brings the cgroup exactly to the clear level.
TEST(Shortness, FreeingWhatIsAskedEndsIt) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 100'000; ++round) {
    MemoryUsage usage = with_cache(random() % 2000, random() % 300,
                                   random() % 300, random() % 100);
    const MemoryLimits limits = limits_of(random() % 1500, random() % 1500);
    const bool was_short = random() % 2 == 0;
    const Shortness before = evaluate_shortness(usage, limits, {}, was_short);
    ASSERT_TRUE(before.known);
    ASSERT_EQ(before.is_short, before.bytes_to_free > 0);
    if (!before.is_short) continue;
    ASSERT_LE(before.bytes_to_free, *usage.current);
    *usage.current -= before.bytes_to_free;
    ASSERT_FALSE(evaluate_shortness(usage, limits, {}, true).is_short);
    *usage.current += 1;
    ASSERT_TRUE(evaluate_shortness(usage, limits, {}, true).is_short);
  }
}

}  // namespace
}  // namespace spillway
