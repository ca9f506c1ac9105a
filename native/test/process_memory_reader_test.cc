#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>

#include "child_process.h"
#include "faults.h"
#include "fixture_directory.h"
#include "process_memory.h"
#include "process_memory_texts.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::FixtureDirectory;
using test::kKiB;
using test::kRollup;
using test::kStatus;
using test::kZombie;
using test::replaced;

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
