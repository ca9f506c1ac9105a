#include "kill_choice.h"

#include <gtest/gtest.h>

#include <vector>

namespace spillway {
namespace {

using Sizes = std::vector<std::optional<uint64_t>>;

std::optional<size_t> choose(const Sizes& sizes, const KillNeed& need) {
  std::vector<KillEntry> entries;
  for (size_t index = 0; index < sizes.size(); ++index) {
    entries.push_back({index, sizes[index]});
  }
  return choose_victim(entries, need);
}

constexpr std::nullopt_t kNone = std::nullopt;

TEST(KillChoiceTest, TheFirstOfTheRanking) {
  EXPECT_EQ(choose({10, 1000, 20}, {100, 0, 0}), 0U);
  EXPECT_EQ(choose({10, 1000, 20}, {100, 99, 10}), 0U);
}

TEST(KillChoiceTest, NobodyWhenTheDyingAreEnough) {
  EXPECT_EQ(choose({10}, {100, 100, 0}), kNone);
  EXPECT_EQ(choose({10}, {100, 101, 0}), kNone);
  EXPECT_EQ(choose({10}, {0, 0, 0}), kNone);
  EXPECT_TRUE(is_covered({100, 100, 0}));
  EXPECT_FALSE(is_covered({100, 99, 0}));
}

TEST(KillChoiceTest, NobodyWhenThereIsNobody) {
  EXPECT_EQ(choose({}, {100, 0, 0}), kNone);
}

TEST(KillChoiceTest, SmallOnesComeAfterAllOthers) {
  EXPECT_EQ(choose({9, 5, 10, 20}, {100, 0, 10}), 2U);
  EXPECT_EQ(choose({9, 5}, {100, 0, 10}), 0U);
}

TEST(KillChoiceTest, UnknownSizeCountsNothing) {
  EXPECT_EQ(choose({kNone, 5}, {100, 0, 1}), 1U);
  EXPECT_EQ(choose({kNone, 5}, {100, 0, 0}), 0U);
  EXPECT_EQ(choose({kNone, kNone}, {100, 0, 1}), 0U);
}

TEST(KillChoiceTest, NamesTheEntryAsTheCallerDoes) {
  const std::vector<KillEntry> entries = {{4, 1}, {7, 50}};
  EXPECT_EQ(choose_victim(entries, {100, 0, 10}), 7U);
}

TEST(KillChoiceTest, SmallIsBelowOnePercentOfTheMark) {
  EXPECT_EQ(min_victim_bytes(12345), 123U);
}

}  // namespace
}  // namespace spillway
