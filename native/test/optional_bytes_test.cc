#include "optional_bytes.h"

#include <gtest/gtest.h>

#include "flat_keyed.h"

namespace spillway {
namespace {

TEST(OptionalBytesTest, TakesTheRoomOfANumber) {
  EXPECT_EQ(sizeof(OptionalBytes), sizeof(uint64_t));
}

TEST(OptionalBytesTest, IsNoneAtFirstAndAfterReset) {
  OptionalBytes bytes;
  EXPECT_FALSE(bytes.has_value());
  EXPECT_FALSE(static_cast<bool>(bytes));
  EXPECT_EQ(bytes.value_or(7), 7U);
  bytes = 5;
  EXPECT_EQ(*bytes, 5U);
  EXPECT_EQ(bytes.value_or(7), 5U);
  bytes.reset();
  EXPECT_EQ(bytes, std::nullopt);
}

TEST(OptionalBytesTest, NothingAndNoLimitAreAmounts) {
  for (const uint64_t amount : {uint64_t{0}, kSaturated, kUnlimited}) {
    const OptionalBytes bytes = amount;
    ASSERT_TRUE(bytes.has_value()) << amount;
    EXPECT_EQ(*bytes, amount);
  }
}

TEST(OptionalBytesTest, StandsForAnOptionalBothWays) {
  const OptionalBytes none = std::optional<uint64_t>();
  const OptionalBytes five = std::optional<uint64_t>(5);
  const std::optional<uint64_t> from_none = none;
  const std::optional<uint64_t> from_five = five;
  EXPECT_EQ(from_none, std::nullopt);
  EXPECT_EQ(from_five, 5U);
  EXPECT_NE(none, five);
}

}  // namespace
}  // namespace spillway
