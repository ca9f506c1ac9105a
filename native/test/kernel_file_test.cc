#include "kernel_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "faults.h"
#include "fixture_directory.h"
#include "real_cgroup.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::FixtureDirectory;

class KernelFile : public testing::Test {
 protected:
  UniqueFd open(const char* name) {
    Result<UniqueFd> fd = open_file(directory_.path(), name);
    const Failure* failure = failure_of(fd);
    EXPECT_EQ(failure, nullptr) << failure->error;
    return failure == nullptr ? std::move(std::get<UniqueFd>(fd)) : UniqueFd();
  }

  // What reading the open file fails with; 0 for success.
  int read_error(const UniqueFd& fd) {
    const Result<std::string_view> text = read_file(fd.get(), buffer_);
    const Failure* failure = failure_of(text);
    return failure == nullptr ? 0 : failure->error;
  }

  std::string_view read(const UniqueFd& fd) {
    const Result<std::string_view> text = read_file(fd.get(), buffer_);
    EXPECT_EQ(failure_of(text), nullptr);
    return failure_of(text) == nullptr ? std::get<std::string_view>(text)
                                       : std::string_view("(failed)");
  }

  FixtureDirectory directory_;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(KernelFile, ReadsFromTheStartEachTime) {
  directory_.write("file", "one\n");
  const UniqueFd fd = open("file");
  EXPECT_EQ(read(fd), "one\n");
  EXPECT_EQ(read(fd), "one\n");
  directory_.write("file", "another\n");
  EXPECT_EQ(read(fd), "another\n");
  directory_.write("file", "");
  EXPECT_EQ(read(fd), "");
}

TEST_F(KernelFile, FileWithoutLastNewlineIsHandedOver) {
  directory_.write("file", "one\ntw");
  EXPECT_EQ(read(open("file")), "one\ntw");
}

TEST_F(KernelFile, IsClosedOnExecAndNeverBlocks) {
  directory_.write("file", "");
  const UniqueFd fd = open("file");
  EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(KernelFile, InterruptedCallsAreRepeated) {
  directory_.write("file", "one\n");
  const FaultOrder open_order(&faults.open, 3, EINTR);
  const UniqueFd fd = open("file");
  EXPECT_TRUE(open_order.used_up());
  const FaultOrder read_order(&faults.pread, 3, EINTR);
  EXPECT_EQ(read(fd), "one\n");
  EXPECT_TRUE(read_order.used_up());
}

TEST_F(KernelFile, FileInPiecesIsPutTogether) {
  directory_.write("file", "low 0\nhigh 12\n");
  const UniqueFd fd = open("file");
  faults.pread_piece = 4;  // no piece but the last ends with a newline
  EXPECT_EQ(read(fd), "low 0\nhigh 12\n");
  faults.pread_piece = 0;
}

TEST_F(KernelFile, MissingFileIsAFailureWithItsName) {
  const Result<UniqueFd> fd = open_file(directory_.path(), "memory.high");
  const Failure* failure = failure_of(fd);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->error, ENOENT);
  EXPECT_STREQ(failure->call, "open");
  EXPECT_STREQ(failure->file, "memory.high");
}

TEST_F(KernelFile, FailedReadSaysWhy) {
  directory_.write("file", "one\n");
  const UniqueFd fd = open("file");
  const FaultOrder order(&faults.pread, 1, EIO);
  EXPECT_EQ(read_error(fd), EIO);
  EXPECT_EQ(read_error(UniqueFd()), EBADF);
}

TEST_F(KernelFile, FileAsLargeAsTheBufferIsRefused) {
  directory_.write("file", std::string(kFileBufferBytes - 1, 'x'));
  const UniqueFd fd = open("file");
  EXPECT_EQ(read(fd).size(), kFileBufferBytes - 1);
  for (const size_t size : {kFileBufferBytes, 10 * kFileBufferBytes}) {
    directory_.write("file", std::string(size - 1, 'x') + "\n");
    EXPECT_EQ(read_error(fd), kBadContent) << size;
  }
}

TEST_F(KernelFile, DirectoryCannotBeRead) {
  mkdir(directory_.path("file").c_str(), 0755);
  EXPECT_EQ(read_error(open("file")), EISDIR);
}

TEST_F(KernelFile, FifoNeitherBlocksNorReads) {
  ASSERT_EQ(mkfifo(directory_.path("file").c_str(), 0644), 0);
  EXPECT_EQ(read_error(open("file")), ESPIPE);
}

TEST_F(KernelFile, KnowsItsPlace) {
  directory_.write("file", "one\n");
  const UniqueFd fd = open("file");
  const auto in_place = [&] {
    return is_in_place(fd.get(), directory_.path(), "file");
  };
  EXPECT_TRUE(in_place());
  directory_.write("file", "two\n");
  EXPECT_TRUE(in_place()) << "written anew, and still the same file";
  directory_.rename("file", "elsewhere");
  EXPECT_FALSE(in_place());
  directory_.write("file", "three\n");
  EXPECT_FALSE(in_place());
  directory_.rename("elsewhere", "file");
  EXPECT_TRUE(in_place());
  directory_.replace("file", "four\n");
  EXPECT_FALSE(in_place());
  directory_.remove("file");
  EXPECT_FALSE(in_place());
}

TEST_F(KernelFile, OrdinaryFilesAreNotOnCgroup2) {
  directory_.write("file", "");
  EXPECT_FALSE(is_cgroup2(open("file").get()));
  EXPECT_FALSE(is_cgroup2(-1));
}

TEST_F(KernelFile, FilesOfACgroupAre) {
  const test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  const Result<UniqueFd> fd = open_file(cgroup.path(), "cgroup.events");
  ASSERT_EQ(failure_of(fd), nullptr);
  EXPECT_TRUE(is_cgroup2(std::get<UniqueFd>(fd).get()));
  EXPECT_TRUE(read(std::get<UniqueFd>(fd)).starts_with("populated 0\n"));
}

}  // namespace
}  // namespace spillway
