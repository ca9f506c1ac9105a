#include "memory_files.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <variant>

#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "real_cgroup.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::FixtureDirectory;

class MemoryFilesTest : public testing::Test {
 protected:
  void write_all() {
    directory_.write("memory.current", "100\n");
    directory_.write("memory.high", "200\n");
    directory_.write("memory.max", "max\n");
    directory_.write("memory.swap.current", "10\n");
    directory_.write("memory.swap.max", "0\n");
    directory_.write("memory.stat", "anon 60\ninactive_file 30\n");
  }

  // Whether the reading was complete.
  bool read() {
    const Result<MemoryFiles> files = MemoryFiles::open(directory_.path());
    EXPECT_EQ(failure_of(files), nullptr);
    return read(std::get<MemoryFiles>(files));
  }
  bool read(const MemoryFiles& files) {
    const bool complete = files.read_totals(buffer_, &usage_, &limits_);
    files.read_stat(buffer_, &usage_);
    return complete;
  }

  FixtureDirectory directory_;
  std::array<char, kFileBufferBytes> buffer_;
  MemoryUsage usage_;
  MemoryLimits limits_;
};

TEST_F(MemoryFilesTest, ReadsEveryFigure) {
  write_all();
  EXPECT_TRUE(read());
  EXPECT_EQ(usage_.current, 100U);
  EXPECT_EQ(usage_.swap, 10U);
  EXPECT_EQ(usage_.anon, 60U);
  EXPECT_EQ(usage_.inactive_file, 30U);
  EXPECT_EQ(limits_.high, 200U);
  EXPECT_EQ(limits_.max, kUnlimited);
  EXPECT_EQ(limits_.swap_max, 0U);
}

TEST_F(MemoryFilesTest, OnceReadsTheUsageAloneAndHoldsNothing) {
  write_all();
  const size_t open_before = test::open_fds();
  const MemoryFiles files = MemoryFiles::once(directory_.path());
  EXPECT_TRUE(files.read_amounts(buffer_, &usage_));
  files.read_stat(buffer_, &usage_);
  EXPECT_EQ(usage_.current, 100U);
  EXPECT_EQ(usage_.swap, 10U);
  EXPECT_EQ(usage_.anon, 60U);
  EXPECT_EQ(test::open_fds(), open_before);
}

TEST_F(MemoryFilesTest, MissingFilesAreUnknownFigures) {
  EXPECT_TRUE(read()) << "nothing that is there kept its figure back";
  EXPECT_EQ(usage_.current, std::nullopt);
  EXPECT_EQ(usage_.swap, std::nullopt);
  EXPECT_EQ(usage_.anon, std::nullopt);
  EXPECT_EQ(limits_.high, std::nullopt);
}

// It would have taken memory.max for the mark while memory.high is written.
TEST_F(MemoryFilesTest, HalfWrittenFileMakesTheReadingIncomplete) {
  for (const char* name : {"memory.current", "memory.high", "memory.max",
                           "memory.swap.current", "memory.swap.max"}) {
    for (const char* text : {"", "12", "1x\n", "-1\n"}) {
      write_all();
      directory_.write(name, text);
      EXPECT_FALSE(read()) << name;
    }
  }
}

// As an amount, "max" overflowed the sum of usage and swap: far from the mark.
TEST_F(MemoryFilesTest, MaxIsNoAmount) {
  write_all();
  directory_.write("memory.current", "max\n");
  directory_.write("memory.swap.current", "max\n");
  EXPECT_FALSE(read());
  EXPECT_EQ(usage_.current, std::nullopt);
  EXPECT_EQ(usage_.swap, std::nullopt);
}

// The descriptors held from the start read the old files for ever.
TEST_F(MemoryFilesTest, ReplacedOrdinaryFilesAreReadAnew) {
  write_all();
  const Result<MemoryFiles> files = MemoryFiles::open(directory_.path());
  directory_.replace("memory.current", "101\n");
  directory_.replace("memory.stat", "anon 61\n");
  directory_.remove("memory.swap.max");
  EXPECT_TRUE(read(std::get<MemoryFiles>(files)));
  EXPECT_EQ(usage_.current, 101U);
  EXPECT_EQ(usage_.anon, 61U);
  EXPECT_EQ(limits_.swap_max, std::nullopt);
}

TEST_F(MemoryFilesTest, FailedReadIsNoFigure) {
  write_all();
  const Result<MemoryFiles> files = MemoryFiles::open(directory_.path());
  const FaultOrder order(&faults.pread, 1, EIO);
  EXPECT_FALSE(read(std::get<MemoryFiles>(files)));
  EXPECT_EQ(usage_.current, std::nullopt);
  EXPECT_EQ(limits_.high, 200U);
}

TEST_F(MemoryFilesTest, RefusedAccessFails) {
  write_all();
  const FaultOrder order(&faults.open, 1, EACCES);
  const Result<MemoryFiles> files = MemoryFiles::open(directory_.path());
  ASSERT_NE(failure_of(files), nullptr);
  EXPECT_EQ(failure_of(files)->error, EACCES);
  EXPECT_STREQ(failure_of(files)->file, "memory.current");
}

TEST_F(MemoryFilesTest, FdsRunningOutFailAndLeaveNothingOpen) {
  write_all();
  const size_t before = test::open_fds();
  {
    const test::FdLimit limit(0);
    const Result<MemoryFiles> files = MemoryFiles::open(directory_.path());
    ASSERT_NE(failure_of(files), nullptr);
    EXPECT_EQ(failure_of(files)->error, EMFILE);
  }
  EXPECT_EQ(test::open_fds(), before);
}

TEST_F(MemoryFilesTest, HoldsSixDescriptorsOfACgroup) {
  const test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  if (!cgroup.has_memory()) GTEST_SKIP() << "no memory controller on cgroup v2";
  const size_t before = test::open_fds();
  const Result<MemoryFiles> files = MemoryFiles::open(cgroup.path());
  ASSERT_EQ(failure_of(files), nullptr);
  EXPECT_LE(test::open_fds(), before + 6);
  EXPECT_TRUE(read(std::get<MemoryFiles>(files)));
  EXPECT_EQ(limits_.high, kUnlimited);
  EXPECT_NE(usage_.current, std::nullopt);
  EXPECT_NE(usage_.inactive_file, std::nullopt);
}

}  // namespace
}  // namespace spillway
