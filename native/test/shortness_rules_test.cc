#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "memory_builders.h"
#include "shortness.h"

namespace spillway {
namespace {

using test::anonymous;
using test::limits_of;
using test::total_only;
using test::with_cache;
using test::with_swap;

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

// Below the clear level, whatever memory.stat might say: all that is charged
// and swapped counts.
TEST(RoomToShortness, IsUpToTheClearLevel) {
  const auto room = [](const MemoryUsage& usage, const MemoryLimits& limits) {
    return room_to_shortness(usage, limits,
                             evaluate_shortness(usage, limits, {}, false));
  };
  EXPECT_EQ(room(total_only(100), limits_of(1000)), 850U);
  EXPECT_EQ(room(total_only(950), limits_of(1000)), 0U);
  EXPECT_EQ(room(with_cache(960, 500, 0), limits_of(1000)), 0U) << "cache";
  EXPECT_EQ(
      room(with_swap(total_only(100), 50), limits_of(1000, kUnlimited, 500)),
      800U);
  EXPECT_EQ(room(anonymous(100), limits_of(kUnlimited)), kUnlimited - 100);
}

TEST(RoomToShortness, IsNoneWhereItIsShortOrNothingIsKnown) {
  const auto judged = [](const MemoryUsage& usage, const MemoryLimits& limits,
                         bool was_short) {
    return room_to_shortness(usage, limits,
                             evaluate_shortness(usage, limits, {}, was_short));
  };
  EXPECT_EQ(judged(anonymous(990), limits_of(1000), false), 0U);
  EXPECT_EQ(judged({}, limits_of(1000), false), 0U);
  EXPECT_EQ(judged({}, limits_of(kUnlimited), false), 0U);
  EXPECT_EQ(judged(anonymous(1), limits_of(std::nullopt, std::nullopt), false),
            0U);
}

}  // namespace
}  // namespace spillway
