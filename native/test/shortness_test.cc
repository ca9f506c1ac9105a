#include "shortness.h"

#include <gtest/gtest.h>

#include <optional>
#include <ostream>
#include <string>

#include "memory_builders.h"

namespace spillway {
namespace {

using test::anonymous;
using test::limits_of;
using test::total_only;
using test::with_cache;
using test::with_swap;

// Figures in MiB read better; the rule has no unit.
struct Case {
  const char* name;
  MemoryUsage usage;
  MemoryLimits limits;
  std::optional<uint64_t> kill_buffer;
  bool was_short;
  // Short is who has something to free.
  std::optional<uint64_t> bytes_to_free;
};

constexpr std::nullopt_t kDefault = std::nullopt;  // kill_buffer
constexpr std::nullopt_t kUnknown = std::nullopt;  // bytes_to_free

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ShortnessTable : public testing::TestWithParam<Case> {};

TEST_P(ShortnessTable, Verdict) {
  const Case& c = GetParam();
  const Shortness result =
      evaluate_shortness(c.usage, c.limits, c.kill_buffer, c.was_short);
  const uint64_t bytes_to_free = c.bytes_to_free.value_or(0);
  EXPECT_EQ(result.known, c.bytes_to_free.has_value());
  EXPECT_EQ(result.is_short, bytes_to_free > 0);
  EXPECT_EQ(result.bytes_to_free, bytes_to_free);
}

// With high 1000 and the default buffer, 50: short above 975, clear at 950.
INSTANTIATE_TEST_SUITE_P(
    , ShortnessTable,
    testing::Values(
        Case{"Far", anonymous(100), limits_of(1000), kDefault, false, 0},
        Case{"AtBegin", anonymous(975), limits_of(1000), kDefault, false, 0},
        Case{"AboveBegin", anonymous(976), limits_of(1000), kDefault, false,
             26},
        Case{"GapFromBelow", anonymous(960), limits_of(1000), kDefault, false,
             0},
        Case{"GapFromAbove", anonymous(960), limits_of(1000), kDefault, true,
             10},
        Case{"AboveClear", anonymous(951), limits_of(1000), kDefault, true, 1},
        Case{"AtClear", anonymous(950), limits_of(1000), kDefault, true, 0},
        Case{"Churn", with_cache(1000, 200, 700), limits_of(1000), kDefault,
             false, 0},
        Case{"ChurnOfSlab", with_cache(1000, 0, 0, 100), limits_of(1000),
             kDefault, false, 0},
        Case{"PinnedBesideCache", with_cache(1000, 10, 10), limits_of(1000),
             kDefault, false, 30},
        Case{"SwapAllowed", with_swap(anonymous(900), 100),
             limits_of(1000, kUnlimited, 500), kDefault, false, 50},
        Case{"SwapUnlimited", with_swap(anonymous(900), 100),
             limits_of(1000, kUnlimited, kUnlimited), kDefault, false, 50},
        Case{"SwapForbidden", with_swap(anonymous(900), 100), limits_of(1000),
             kDefault, false, 0},
        Case{"SwapUnknown", anonymous(980),
             limits_of(1000, kUnlimited, std::nullopt), kDefault, false, 30},
        Case{"MaxAlone", anonymous(1000), limits_of(kUnlimited, 1000), kDefault,
             false, 50},
        Case{"MaxBelowHigh", anonymous(1000), limits_of(2000, 1000), kDefault,
             false, 50},
        Case{"NoLimit", anonymous(1000), limits_of(kUnlimited), kDefault, false,
             0},
        Case{"LimitLifted", anonymous(1000), limits_of(kUnlimited), kDefault,
             true, 0},
        Case{"LimitsUnknown", anonymous(1000),
             limits_of(std::nullopt, std::nullopt), kDefault, true, kUnknown},
        Case{"HighUnknown", anonymous(1000), limits_of(std::nullopt, 1000),
             kDefault, false, 50},
        Case{"HighZero", anonymous(1), limits_of(0), kDefault, false, 1},
        Case{"HighZeroEmpty", anonymous(0), limits_of(0), kDefault, true, 0},
        Case{"BufferGiven", anonymous(860), limits_of(1000), 300, false, 160},
        Case{"BufferZero", anonymous(1001), limits_of(1000), 0, false, 1},
        Case{"BufferZeroAtMark", anonymous(1000), limits_of(1000), 0, true, 0},
        // Held at half of the mark: short above 750, over at 500.
        Case{"BufferAboveMark", anonymous(751), limits_of(1000), 1000, false,
             251},
        Case{"BufferFarAboveMark", anonymous(501), limits_of(1000), kUnlimited,
             true, 1},
        Case{"BufferFarAboveMarkEnds", anonymous(500), limits_of(1000),
             kUnlimited, true, 0},
        Case{"PartsAboveTotal", with_cache(1000, 900, 200, 50), limits_of(1000),
             kDefault, true, 0},
        Case{"StatUnread", total_only(1000), limits_of(1000), kDefault, true,
             kUnknown},
        Case{"StatUnreadFar", total_only(900), limits_of(1000), kDefault, true,
             0},
        Case{"NothingRead", {}, limits_of(1000), kDefault, false, kUnknown},
        Case{"SlabUnknown", anonymous(976), limits_of(1000), kDefault, false,
             26},
        Case{"Saturated", with_swap(anonymous(kSaturated), kSaturated),
             limits_of(kSaturated, kUnlimited, kUnlimited), 0, false,
             kSaturated}),
    [](const auto& entry) { return std::string(entry.param.name); });

}  // namespace
}  // namespace spillway
