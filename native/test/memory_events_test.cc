#include "memory_events.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace spillway {
namespace {

using std::string_literals::operator""s;

constexpr char kLinux612[] =
    "low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\noom_group_kill 6\n";

EventCounts parsed(std::string_view text) {
  EventCounts events;
  EXPECT_EQ(parse_memory_events(text, &events), Parsed::kOk) << text;
  return events;
}

TEST(MemoryEvents, ReadsEveryKey) {
  const EventCounts events = parsed(kLinux612);
  for (uint8_t key = 0; key < kEventKeyCount; ++key) {
    EXPECT_EQ(events[static_cast<EventKey>(key)], key + 1U);
  }
  EXPECT_EQ(events.present, 0b111111);
}

TEST(MemoryEvents, KernelsBefore517HaveNoGroupKill) {
  const EventCounts events =
      parsed("low 0\nhigh 2\nmax 0\noom 0\noom_kill 0\n");
  EXPECT_EQ(events[kHigh], 2U);
  EXPECT_EQ(events.present & key_bit(kOomGroupKill), 0);
}

TEST(MemoryEvents, UnknownKeysAreIgnored) {
  const EventCounts events =
      parsed("sock_throttled 9\nhigh 2\nhighest 7\nhig 8\nHIGH 9\n");
  EXPECT_EQ(events[kHigh], 2U);
  EXPECT_EQ(events.present, key_bit(kHigh));
}

TEST(MemoryEvents, LastOfDuplicateKeysCounts) {
  EXPECT_EQ(parsed("high 2\nhigh 3\n")[kHigh], 3U);
}

TEST(MemoryEvents, HugeNumbersSaturate) {
  EXPECT_EQ(parsed("high 99999999999999999999999999\n")[kHigh], kSaturated);
}

TEST(MemoryEvents, EveryTruncationIsIncompleteOrShorter) {
  const std::string whole = kLinux612;
  EventCounts events;
  for (size_t size = 0; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    const Parsed expected =
        size > 0 && cut.back() == '\n' ? Parsed::kOk : Parsed::kIncomplete;
    EXPECT_EQ(parse_memory_events(cut, &events), expected) << cut;
  }
}

TEST(MemoryEvents, MalformedInputLeavesTheCountsAlone) {
  EventCounts events = parsed("high 7\n");
  for (const std::string& text :
       {"\n"s, "high\n"s, "high -1\n"s, "high 1\r\n"s, "high max\n"s,
        "high 1\n\n"s, "high 1\0\n"s, "\0\0\0\n"s, "high 1\nmax\n"s,
        "\x7f"
        "ELF\n"s,
        "nothing 1\nknown 2\n"s}) {
    EXPECT_EQ(parse_memory_events(text, &events), Parsed::kMalformed) << text;
  }
  EXPECT_EQ(events[kHigh], 7U);
  EXPECT_EQ(events.present, key_bit(kHigh));
}

// Whatever comes, the answer is one of three, and only kOk changes anything.
TEST(MemoryEvents, SurvivesMutations) {
  std::mt19937 random(20'251'121);  // NOLINT(cert-msc51-cpp): repeatable
  const auto below = [&random](size_t bound) { return random() % bound; };
  for (int round = 0; round < 20'000; ++round) {
    std::string text = kLinux612;
    for (size_t change = 0; change <= below(4); ++change) {
      const size_t at = below(text.size());
      switch (below(4)) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, below(8));
          break;
        case 2:
          text.insert(at, below(30), "0123456789 \n\r\0-"[below(15)]);
          break;
        default:
          text += text.substr(at);
      }
      if (text.empty()) text = "\n";
    }
    EventCounts events;
    const Parsed parse = parse_memory_events(text, &events);
    EXPECT_EQ(parse == Parsed::kOk, events.present != 0) << text;
    if (text.back() != '\n') {
      EXPECT_EQ(parse, Parsed::kIncomplete) << text;
    }
    for (const uint64_t count : events.counts) EXPECT_LE(count, kSaturated);
  }
}

TEST(MemoryEvents, ShrinkingOfAnyKeyIsSeen) {
  const EventCounts before = parsed(kLinux612);
  EXPECT_FALSE(has_shrunk(before, before));
  for (size_t key = 0; key < kEventKeyCount; ++key) {
    EventCounts after = before;
    after.counts[key] += 1;
    EXPECT_FALSE(has_shrunk(before, after));
    after.counts[key] -= 2;
    EXPECT_TRUE(has_shrunk(before, after));
  }
}

}  // namespace
}  // namespace spillway
