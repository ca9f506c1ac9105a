#include "meminfo.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway {
namespace {

constexpr uint64_t kKb = 1024;

// As Linux 6.18 writes it, cut short.
const std::string kText =
    "MemTotal:       24684512 kB\n"
    "MemFree:        20689432 kB\n"
    "MemAvailable:   22686312 kB\n"
    "Buffers:          104856 kB\n"
    "Cached:          2110848 kB\n"
    "SwapCached:           16 kB\n"
    "SwapTotal:       1048572 kB\n"
    "SwapFree:        1040380 kB\n"
    "HugePages_Total:       0\n"
    "Hugepagesize:       2048 kB\n"
    "DirectMap4k:      120684 kB\n";

std::string without(const std::string& text, const std::string& key) {
  const size_t begin = text.find(key + ":");
  return text.substr(0, begin) + text.substr(text.find('\n', begin) + 1);
}

std::string with(const std::string& key, const std::string& value) {
  return without(kText, key) + key + ":" + value + "\n";
}

TEST(MeminfoTest, ReadsTheKernelsText) {
  HostMemory memory;
  ASSERT_EQ(parse_meminfo(kText, &memory), Parsed::kOk);
  EXPECT_EQ(memory.total, 24684512 * kKb);
  EXPECT_EQ(memory.available, 22686312 * kKb);
  EXPECT_EQ(memory.swap_total, 1048572 * kKb);
  EXPECT_EQ(memory.swap_free, 1040380 * kKb);
  EXPECT_EQ(memory.swap_cached, 16 * kKb);
}

// Ray 1.2: the psutil rule.
TEST(MeminfoTest, WithoutMemAvailableItIsFreeCachedAndBuffers) {
  HostMemory memory;
  ASSERT_EQ(parse_meminfo(without(kText, "MemAvailable"), &memory),
            Parsed::kOk);
  EXPECT_EQ(memory.available, (20689432 + 2110848 + 104856) * kKb);
}

TEST(MeminfoTest, WhatIsAvailableIsAtMostTheTotal) {
  HostMemory memory;
  ASSERT_EQ(parse_meminfo(with("MemAvailable", " 99999999 kB"), &memory),
            Parsed::kOk);
  EXPECT_EQ(memory.available, memory.total);
}

TEST(MeminfoTest, MissingSwapIsNone) {
  HostMemory memory;
  ASSERT_EQ(parse_meminfo("MemTotal: 8 kB\nMemAvailable: 4 kB\n", &memory),
            Parsed::kOk);
  EXPECT_EQ(memory.total, 8 * kKb);
  EXPECT_EQ(memory.swap_total, 0u);
}

TEST(MeminfoTest, WithoutATotalOrWhatIsAvailableItIsMalformed) {
  HostMemory memory;
  EXPECT_EQ(parse_meminfo(without(kText, "MemTotal"), &memory),
            Parsed::kMalformed);
  EXPECT_EQ(parse_meminfo(with("MemTotal", " 0 kB"), &memory),
            Parsed::kMalformed);
  for (const char* key : {"MemFree", "Cached", "Buffers"}) {
    EXPECT_EQ(
        parse_meminfo(without(without(kText, "MemAvailable"), key), &memory),
        Parsed::kMalformed)
        << key;
  }
}

// Ray 4.2, #39821: figures of other units.
TEST(MeminfoTest, OnlyFiguresThatAreReadMustHaveTheUnit) {
  HostMemory memory;
  for (const char* value : {" 24684512", " 24684512 MB", " 24684512 kb", "",
                            " kB", " -1 kB", " 1 2 kB", " 1.5 kB", " 1  kB"}) {
    EXPECT_EQ(parse_meminfo(with("MemTotal", value), &memory),
              Parsed::kMalformed)
        << value;
  }
  EXPECT_EQ(parse_meminfo(with("HugePages_Total", "none"), &memory),
            Parsed::kOk);
}

TEST(MeminfoTest, FiguresSaturate) {
  HostMemory memory;
  ASSERT_EQ(
      parse_meminfo(with("MemTotal", " 99999999999999999999999 kB"), &memory),
      Parsed::kOk);
  EXPECT_EQ(memory.total, kSaturated);
}

TEST(MeminfoTest, CutTextIsIncompleteAndAnyCutIsNoCrash) {
  HostMemory memory;
  for (size_t size = 0; size < kText.size(); ++size) {
    const std::string cut = kText.substr(0, size);
    const Parsed parsed = parse_meminfo(cut, &memory);
    if (cut.empty() || cut.back() != '\n') {
      EXPECT_EQ(parsed, Parsed::kIncomplete) << size;
    }
  }
  EXPECT_EQ(parse_meminfo(std::string("\0\n", 2), &memory), Parsed::kMalformed);
}

}  // namespace
}  // namespace spillway
