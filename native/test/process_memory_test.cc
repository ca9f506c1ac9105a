#include "process_memory.h"

#include <gtest/gtest.h>

#include <string>

#include "flat_keyed.h"
#include "process_memory_texts.h"

namespace spillway {
namespace {

using std::string_literals::operator""s;
using test::kKiB;
using test::kRollup;
using test::kStatus;
using test::replaced;

TEST(ProcessMemoryParsers, StatusOfARealKernel) {
  const ProcessMemory memory = parse_status_memory(kStatus);
  EXPECT_EQ(memory.rss, 1664 * kKiB);
  EXPECT_EQ(memory.anon, 116 * kKiB);
  EXPECT_EQ(memory.shmem, 4 * kKiB);
  EXPECT_EQ(memory.swap, 8 * kKiB);
  EXPECT_FALSE(memory.pss || memory.uss);
}

TEST(ProcessMemoryParsers, SmapsRollupOfARealKernel) {
  const ProcessMemory memory = parse_smaps_rollup(kRollup);
  EXPECT_EQ(memory.rss, 1732 * kKiB);
  EXPECT_EQ(memory.pss, 427 * kKiB);
  EXPECT_EQ(memory.anon, 116 * kKiB);
  EXPECT_EQ(memory.shmem, 4 * kKiB);
  EXPECT_EQ(memory.swap, 8 * kKiB);
  EXPECT_EQ(memory.uss, (40 + 116 + 2048) * kKiB) << "all of Private_*";
}

TEST(ProcessMemoryParsers, OlderKernelsTellLess) {
  // Before Linux 5.4 there was no Pss_Anon.
  const ProcessMemory memory = parse_smaps_rollup(
      "x\nRss: 8 kB\nPss: 4 kB\nPrivate_Clean: 0 kB\nPrivate_Dirty: 0 kB\n");
  EXPECT_EQ(memory.pss, 4 * kKiB);
  EXPECT_EQ(memory.uss, 0U) << "told, so not unknown";
  EXPECT_EQ(memory.anon, std::nullopt);
}

TEST(ProcessMemoryParsers, StatmIsPages) {
  EXPECT_EQ(parse_statm("765 442 414 5 0 123 0\n", 4096).rss, 442U * 4096);
  EXPECT_EQ(parse_statm("765 442 414 5 0 123 0\n", 65536).rss, 442U * 65536);
  EXPECT_EQ(parse_statm("1 0 0 0 0 0 0\n", 4096).rss, 0U);
  EXPECT_FALSE(parse_statm("0 0 0 0 0 0 0\n", 4096).known())
      << "no memory of its own: a zombie, a thread of the kernel";
  EXPECT_EQ(parse_statm("1 18446744073709551616 0\n", 4096).rss, kSaturated);
  for (const std::string& text :
       {""s, "\n"s, "765"s, "765\n"s, "765 442\n"s, "765 442 414"s, " 5 6 7\n"s,
        "765 -1 2\n"s, "765  442 2\n"s, "\0 \0 \0\n"s}) {
    EXPECT_FALSE(parse_statm(text, 4096).known()) << text;
  }
}

TEST(ProcessMemoryParsers, WhatIsNoSizeIsUnknown) {
  for (const std::string& line :
       {"116 MB"s, "-116 kB"s, "11.6 kB"s, "kB"s, " kB"s, ""s, "116"s,
        "116 kB "s, "116 kb"s, "1 1 kB"s, "0x74 kB"s, "116\0 kB"s}) {
    const std::string text = replaced(kStatus, "     116 kB", line);
    EXPECT_EQ(parse_status_memory(text).anon, std::nullopt) << line;
    EXPECT_EQ(parse_status_memory(text).swap, 8 * kKiB) << line;
  }
}

TEST(ProcessMemoryParsers, CutOffTextTellsNothing) {
  for (size_t size = 0; size < kStatus.size(); ++size) {
    const std::string text = kStatus.substr(0, size);
    if (text.ends_with('\n')) continue;
    EXPECT_FALSE(parse_status_memory(text).known()) << text;
  }
  EXPECT_FALSE(parse_smaps_rollup(kRollup.substr(0, 300)).known());
  EXPECT_FALSE(parse_status_memory("\n").known());
  EXPECT_FALSE(parse_status_memory("RssAnon: 5 kB\n").known())
      << "the first line is the name";
}

TEST(ProcessMemoryParsers, HugeNumbersSaturate) {
  for (const std::string& figure :
       {"9007199254740992"s, "18446744073709551615"s, std::string(400, '9')}) {
    EXPECT_EQ(parse_status_memory(replaced(kStatus, "116", figure)).anon,
              kSaturated);
    EXPECT_EQ(parse_smaps_rollup(replaced(kRollup, "2048", figure)).uss,
              kSaturated);
  }
}

// A process chooses its name, and the kernel escapes only newlines in it.
TEST(ProcessMemoryParsers, NameIsNoLine) {
  for (const std::string& character :
       {"\r"s, "\u2028"s, "\v"s, "\\n"s, " "s, "\0"s, "\f"s}) {
    const std::string text =
        replaced(kStatus, "cat", character + "RssAnon: 9 kB");
    EXPECT_EQ(parse_status_memory(text).anon, 116 * kKiB) << character;
  }
}

TEST(ProcessMemoryParsers, FirstOfTwoCounts) {
  EXPECT_EQ(parse_status_memory(kStatus + "RssAnon: 1 kB\n").anon, 116 * kKiB);
}

TEST(ProcessMemoryParsers, BinaryTellsNothing) {
  std::string text;
  for (int byte = 0; byte < 4096; ++byte) {
    text.push_back(static_cast<char>(byte * 7));
  }
  text.push_back('\n');
  EXPECT_FALSE(parse_status_memory(text).known());
  EXPECT_FALSE(parse_smaps_rollup(text).known());
  EXPECT_FALSE(parse_statm(text, 4096).known());
}

}  // namespace
}  // namespace spillway
