#include "memory_usage.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway {
namespace {

// The order of Linux 6.12, shortened.
constexpr char kStat[] =
    "anon 1\nfile 2\nkernel 3\nkernel_stack 90\nshmem 4\nfile_mapped 91\n"
    "inactive_anon 92\nactive_anon 93\ninactive_file 5\nactive_file 6\n"
    "unevictable 0\nslab_reclaimable 7\nslab_unreclaimable 94\nslab 95\n";

TEST(MemoryStat, ReadsItsFields) {
  MemoryUsage usage;
  EXPECT_EQ(parse_memory_stat(kStat, &usage), Parsed::kOk);
  EXPECT_EQ(usage.anon, 1U);
  EXPECT_EQ(usage.file, 2U);
  EXPECT_EQ(usage.kernel, 3U);
  EXPECT_EQ(usage.shmem, 4U);
  EXPECT_EQ(usage.inactive_file, 5U);
  EXPECT_EQ(usage.active_file, 6U);
  EXPECT_EQ(usage.slab_reclaimable, 7U);
}

TEST(MemoryStat, TellsWhatStandsNowhere) {
  MemoryUsage usage;
  EXPECT_EQ(unaccounted(usage), 0U);
  usage.current = 100;
  EXPECT_EQ(parse_memory_stat("anon 10\nfile 20\n", &usage), Parsed::kOk);
  EXPECT_EQ(unaccounted(usage), 0U) << "not all parts are told";
  EXPECT_EQ(parse_memory_stat("kernel 30\nsock 5\nzswap 3\n", &usage),
            Parsed::kOk);
  EXPECT_EQ(unaccounted(usage), 32U);
  usage.file = kSaturated;
  EXPECT_EQ(unaccounted(usage), 0U) << "the parts may be newer";
}

TEST(MemoryStat, KeepsWhatItDoesNotName) {
  MemoryUsage usage;
  usage.current = 100;
  usage.swap = 8;
  usage.kernel = 9;
  EXPECT_EQ(parse_memory_stat("anon 1\n", &usage), Parsed::kOk);
  EXPECT_EQ(usage.current, 100U);
  EXPECT_EQ(usage.swap, 8U);
  EXPECT_EQ(usage.kernel, 9U);
  EXPECT_EQ(usage.anon, 1U);
  EXPECT_EQ(usage.file, std::nullopt) << "unknown is not 0";
}

// It stopped after seven lines that it knew, whichever they were.
TEST(MemoryStat, DuplicateKeysHideNoOthers) {
  MemoryUsage usage;
  const std::string text =
      "anon 1\nanon 1\nanon 1\nanon 1\nanon 1\nanon 1\nanon 9\n" +
      std::string(kStat).substr(std::string("anon 1\n").size());
  EXPECT_EQ(parse_memory_stat(text, &usage), Parsed::kOk);
  EXPECT_EQ(usage.anon, 9U) << "the last one counts";
  EXPECT_EQ(usage.slab_reclaimable, 7U);
}

TEST(MemoryStat, HugeNumbersSaturate) {
  MemoryUsage usage;
  EXPECT_EQ(parse_memory_stat("anon 18446744073709551615\n", &usage),
            Parsed::kOk);
  EXPECT_EQ(usage.anon, kSaturated);
}

TEST(MemoryStat, IncompleteOrMalformedChangesNothing) {
  using std::string_literals::operator""s;
  MemoryUsage usage;
  for (const std::string& text : {""s, "anon"s, "anon 1"s, "anon 1\nfile"s}) {
    EXPECT_EQ(parse_memory_stat(text, &usage), Parsed::kIncomplete) << text;
  }
  for (const std::string& text :
       {"\n"s, "anon\n"s, "anon -1\n"s, "anon 1\r\n"s, "anon 1\nfile max\n"s,
        "anon 1\nfile 2\0\n"s, "\0\n"s}) {
    EXPECT_EQ(parse_memory_stat(text, &usage), Parsed::kMalformed) << text;
  }
  EXPECT_EQ(usage.anon, std::nullopt);
  EXPECT_EQ(usage.file, std::nullopt);
}

}  // namespace
}  // namespace spillway
