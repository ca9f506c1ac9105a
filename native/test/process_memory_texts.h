#ifndef SPILLWAY_TEST_PROCESS_MEMORY_TEXTS_H_
#define SPILLWAY_TEST_PROCESS_MEMORY_TEXTS_H_

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace spillway::test {

inline constexpr uint64_t kKiB = 1024;

// Linux 6.18, shortened.
inline const std::string kStatus =
    "Name:\tcat\nState:\tR (running)\nVmRSS:\t    1664 kB\n"
    "RssAnon:\t     116 kB\nRssFile:\t    1548 kB\nRssShmem:\t       4 kB\n"
    "VmSwap:\t       8 kB\nThreads:\t1\n";
inline const std::string kRollup =
    "55b4b21bb000-7ffc2c83f000 ---p 00000000 00:00 0    [rollup]\n"
    "Rss:                1732 kB\nPss:                 427 kB\n"
    "Pss_Dirty:           112 kB\nPss_Anon:            116 kB\n"
    "Pss_File:            311 kB\nPss_Shmem:             4 kB\n"
    "Shared_Clean:       1572 kB\nPrivate_Clean:        40 kB\n"
    "Private_Dirty:       116 kB\nPrivate_Hugetlb:    2048 kB\n"
    "Swap:                 16 kB\nSwapPss:               8 kB\n";
inline const std::string kZombie =
    "Name:\tx\nState:\tZ (zombie)\nThreads:\t3\n";

inline std::string replaced(std::string text, const std::string& what,
                            const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_PROCESS_MEMORY_TEXTS_H_
