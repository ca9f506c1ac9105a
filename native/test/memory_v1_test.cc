#include "memory_v1.h"

#include <gtest/gtest.h>

#include <string>

namespace spillway {
namespace {

// As Linux 6.18 writes it, cut short.
const std::string kStat =
    "cache 0\nrss 4096\nshmem 0\ninactive_file 1\nactive_file 2\n"
    "hierarchical_memory_limit 9223372036854771712\n"
    "total_cache 2186186752\ntotal_rss 1034285056\n"
    "total_rss_huge 895483904\ntotal_shmem 8192\ntotal_swap 4096\n"
    "total_swapcached 16384\ntotal_inactive_file 1279848448\n"
    "total_active_file 906338304\ntotal_unevictable 0\n";

TEST(MemoryV1Test, ALimitIsANumberOfBytes) {
  uint64_t limit = 0;
  ASSERT_EQ(parse_limit_v1("1073741824\n", &limit), Parsed::kOk);
  EXPECT_EQ(limit, 1073741824u);
  ASSERT_EQ(parse_limit_v1("0\n", &limit), Parsed::kOk);
  EXPECT_EQ(limit, 0u);
}

// LONG_MAX in whole pages of 4, 16 and 64 KiB, and what older kernels wrote.
TEST(MemoryV1Test, TheLargestNumberOfPagesIsNoLimit) {
  for (const char* text : {"9223372036854771712\n", "9223372036854759424\n",
                           "9223372036854710272\n", "9223372036854775807\n",
                           "18446744073709551615\n", "9007199254740991\n"}) {
    uint64_t limit = 0;
    ASSERT_EQ(parse_limit_v1(text, &limit), Parsed::kOk) << text;
    EXPECT_EQ(limit, kUnlimited) << text;
  }
}

TEST(MemoryV1Test, OtherLimitsAreMalformed) {
  uint64_t limit = 0;
  for (const char* text : {"-1\n", "1GiB\n", "\n", " 1\n", "1.5\n"}) {
    EXPECT_EQ(parse_limit_v1(text, &limit), Parsed::kMalformed) << text;
  }
  EXPECT_EQ(parse_limit_v1("123", &limit), Parsed::kIncomplete);
  EXPECT_EQ(parse_limit_v1("", &limit), Parsed::kIncomplete);
}

TEST(MemoryV1Test, TheTotalsCountTheCgroupsBelow) {
  MemoryUsage usage;
  ASSERT_EQ(parse_memory_stat_v1(kStat, &usage), Parsed::kOk);
  EXPECT_EQ(usage.file, 2186186752u);
  EXPECT_EQ(usage.anon, 1034285056u);
  EXPECT_EQ(usage.shmem, 8192u);
  EXPECT_EQ(usage.swap_cached, 16384u);
  EXPECT_EQ(usage.inactive_file, 1279848448u);
  EXPECT_EQ(usage.active_file, 906338304u);
  EXPECT_EQ(usage.slab_reclaimable, std::nullopt);
}

// Ray 3.5: a stat field missing is null, and the key may stand last.
TEST(MemoryV1Test, AMissingKeyIsAbsentAndTheLastOneIsRead) {
  MemoryUsage usage;
  ASSERT_EQ(parse_memory_stat_v1("cache 7\ntotal_active_file 5\n", &usage),
            Parsed::kOk);
  EXPECT_EQ(usage.active_file, 5u);
  EXPECT_EQ(usage.inactive_file, std::nullopt);
}

TEST(MemoryV1Test, BadTextChangesNothing) {
  MemoryUsage usage;
  usage.anon = 1;
  for (const char* text : {"total_rss x\n", "total_rss\n", "total_rss 1\n\n"}) {
    EXPECT_EQ(parse_memory_stat_v1(text, &usage), Parsed::kMalformed) << text;
  }
  for (size_t size = 0; size < kStat.size(); ++size) {
    const std::string cut = kStat.substr(0, size);
    if (!cut.empty() && cut.back() == '\n') continue;
    EXPECT_EQ(parse_memory_stat_v1(cut, &usage), Parsed::kIncomplete);
  }
  EXPECT_EQ(usage.anon, 1u);
}

}  // namespace
}  // namespace spillway
