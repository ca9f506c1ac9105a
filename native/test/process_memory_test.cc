#include "process_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "child_process.h"
#include "faults.h"
#include "fixture_directory.h"
#include "flat_keyed.h"

namespace spillway {
namespace {

using std::string_literals::operator""s;
using test::FaultOrder;
using test::faults;
using test::FixtureDirectory;

constexpr uint64_t kKiB = 1024;

// Linux 6.18, shortened.
const std::string kStatus =
    "Name:\tcat\nState:\tR (running)\nVmRSS:\t    1664 kB\n"
    "RssAnon:\t     116 kB\nRssFile:\t    1548 kB\nRssShmem:\t       4 kB\n"
    "VmSwap:\t       8 kB\nThreads:\t1\n";
const std::string kRollup =
    "55b4b21bb000-7ffc2c83f000 ---p 00000000 00:00 0    [rollup]\n"
    "Rss:                1732 kB\nPss:                 427 kB\n"
    "Pss_Dirty:           112 kB\nPss_Anon:            116 kB\n"
    "Pss_File:            311 kB\nPss_Shmem:             4 kB\n"
    "Shared_Clean:       1572 kB\nPrivate_Clean:        40 kB\n"
    "Private_Dirty:       116 kB\nPrivate_Hugetlb:    2048 kB\n"
    "Swap:                 16 kB\nSwapPss:               8 kB\n";
const std::string kZombie = "Name:\tx\nState:\tZ (zombie)\nThreads:\t3\n";

std::string replaced(std::string text, const std::string& what,
                     const std::string& by) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

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

class ProcessMemoryFixture : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories(
        std::filesystem::path(proc_.path(path)).parent_path());
    proc_.write(path, text);
  }

  ProcessMemory read(ProcessMemoryFile file = ProcessMemoryFile::kStatus) {
    const Result<ProcessMemory> memory = reader_.read(4, file);
    EXPECT_EQ(failure_of(memory), nullptr);
    return failure_of(memory) == nullptr ? std::get<ProcessMemory>(memory)
                                         : ProcessMemory{};
  }

  int error(ProcessMemoryFile file = ProcessMemoryFile::kStatus) {
    const Result<ProcessMemory> memory = reader_.read(4, file);
    const Failure* failure = failure_of(memory);
    return failure == nullptr ? 0 : failure->error;
  }

  FixtureDirectory proc_;
  ProcessMemoryReader reader_{proc_.path()};
};

TEST_F(ProcessMemoryFixture, NothingIsKnownOfNobody) {
  EXPECT_FALSE(read().known());
  EXPECT_FALSE(read(ProcessMemoryFile::kStatm).known());
  write("4/status", "Name:\tkthreadd\nState:\tS (sleeping)\nThreads:\t1\n");
  write("4/statm", "0 0 0 0 0 0 0\n");
  EXPECT_FALSE(read().known());
  EXPECT_FALSE(read(ProcessMemoryFile::kStatm).known());
}

TEST_F(ProcessMemoryFixture, ZombieWithoutOtherThreadsHasNone) {
  write("4/status", replaced(kZombie, "3", "1"));
  write("4/task/5/status", kStatus);
  EXPECT_FALSE(read().known());
}

TEST_F(ProcessMemoryFixture, OtherThreadsTellOnceTheFirstHasEnded) {
  write("4/status", kZombie);
  EXPECT_FALSE(read().known()) << "no task directory";
  write("4/task/4/status", replaced(kStatus, "116", "1"));
  EXPECT_FALSE(read().known()) << "not the first thread itself";
  write("4/task/nonsense/status", replaced(kStatus, "116", "2"));
  write("4/task/5/other", "");
  write("4/task/6/status", "Name:\tx\n");
  write("4/task/7/status", kStatus);
  write("4/task/7/smaps_rollup", kRollup);
  write("4/task/7/statm", "5 2 0 0 0 0 0\n");
  EXPECT_EQ(read().anon, 116 * kKiB);
  EXPECT_EQ(read(ProcessMemoryFile::kSmapsRollup).pss, 427 * kKiB);
  EXPECT_TRUE(read(ProcessMemoryFile::kStatm).rss.has_value());
}

TEST_F(ProcessMemoryFixture, ManySupplementaryGroupsHideNothing) {
  std::string groups = "Groups:\t";
  for (int id = 0; id < 65536; ++id) groups += "4294967294 ";
  write("4/status", replaced(kStatus, "VmRSS", groups + "\nVmRSS"));
  EXPECT_EQ(read().anon, 116 * kKiB);
}

TEST_F(ProcessMemoryFixture, EndlessFileIsGivenUp) {
  write("4/status", std::string(size_t{3} << 20, 'x') + kStatus);
  EXPECT_FALSE(read().known());
}

TEST_F(ProcessMemoryFixture, RefusalsAreUnknown) {
  write("4/status", kStatus);
  for (const int refusal : {ENOENT, ESRCH, EACCES, EPERM}) {
    const FaultOrder opens(&faults.open, 2, refusal);
    EXPECT_FALSE(read().known()) << refusal;
  }
  for (const int refusal : {ESRCH, EACCES}) {
    const FaultOrder reads(&faults.pread, 2, refusal);
    EXPECT_FALSE(read().known()) << refusal;
  }
}

TEST_F(ProcessMemoryFixture, OtherFailuresSayNothingOfTheProcess) {
  write("4/status", kStatus);
  write("4/statm", "0 0 0\n");
  for (const int refusal : {EMFILE, ENFILE, ENOMEM}) {
    {
      const FaultOrder order(&faults.open, 1, refusal);
      EXPECT_EQ(error(), refusal);
    }
    const FaultOrder order(&faults.pread, 1, refusal);
    EXPECT_EQ(error(), refusal);
  }
  EXPECT_EQ(read().anon, 116 * kKiB) << "and the next look tells";
}

TEST_F(ProcessMemoryFixture, InterruptedCallsAreRepeated) {
  write("4/status", kStatus);
  const FaultOrder opens(&faults.open, 2, EINTR);
  const FaultOrder reads(&faults.pread, 2, EINTR);
  EXPECT_EQ(read().anon, 116 * kKiB);
}

class ProcessMemoryReal : public testing::TestWithParam<ProcessMemoryFile> {
 protected:
  ProcessMemory read(pid_t pid) {
    const Result<ProcessMemory> memory = reader_.read(pid, GetParam());
    EXPECT_EQ(failure_of(memory), nullptr);
    return std::get<ProcessMemory>(memory);
  }

  ProcessMemoryReader reader_{"/proc"};
};

TEST_P(ProcessMemoryReal, ThisProcessHasSome) {
  EXPECT_GT(read(getpid()).rss.value_or(0), 0U);
}

TEST_P(ProcessMemoryReal, GoneOneIsUnknown) {
  test::ChildProcess child([] { return 0; });
  const pid_t pid = child.pid();
  child.reap();
  EXPECT_FALSE(read(pid).known());
  EXPECT_FALSE(read(0).known());
  EXPECT_FALSE(read(-1).known());
}

INSTANTIATE_TEST_SUITE_P(Files, ProcessMemoryReal,
                         testing::Values(ProcessMemoryFile::kStatm,
                                         ProcessMemoryFile::kStatus,
                                         ProcessMemoryFile::kSmapsRollup));

}  // namespace
}  // namespace spillway
