#include "process_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <memory>
#include <utility>
#include <vector>

#include "child_process.h"
#include "fake_registrar.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "process.h"
#include "this_process.h"

namespace spillway {
namespace {

UniqueFd pidfd_of(const test::ChildProcess& child) {
  Result<UniqueFd> opened = open_pidfd(child.pid());
  EXPECT_EQ(failure_of(opened), nullptr);
  return failure_of(opened) == nullptr ? std::move(std::get<UniqueFd>(opened))
                                       : UniqueFd();
}

int open_error(int fd) {
  const auto opened = ProcessWatch::open(fd);
  const Failure* failure = failure_of(opened);
  return failure == nullptr ? 0 : failure->error;
}

class ProcessWatchTest : public testing::Test {
 protected:
  void start() {
    auto opened = ProcessWatch::open(pidfd_of(child_).get());
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<ProcessWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
  }

  bool look(Cause cause = Cause::kChange) {
    return watch_->look(cause, 1, buffer_);
  }

  // Kills the child without reaping it.
  void kill_child() {
    child_.signal(SIGKILL);
    siginfo_t info;
    waitid(P_PID, static_cast<id_t>(child_.pid()), &info, WEXITED | WNOWAIT);
  }

  test::ChildProcess child_;
  test::FakeRegistrar registrar_;
  std::shared_ptr<ProcessWatch> watch_;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(ProcessWatchTest, TellsOfTheEndOnce) {
  start();
  EXPECT_FALSE(look());
  EXPECT_FALSE(watch_->take().ended);
  kill_child();
  EXPECT_TRUE(look());
  EXPECT_TRUE(watch_->take().ended);
  EXPECT_FALSE(look()) << "told";
  child_.reap();
  EXPECT_FALSE(look());
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

// A look out of turn is no news of the process.
TEST_F(ProcessWatchTest, LiveProcessHasNotEndedWhateverTheCause) {
  start();
  child_.signal(SIGSTOP);
  ASSERT_TRUE(child_.wait_for_stop());
  EXPECT_FALSE(look(Cause::kSafetyRead));
  EXPECT_FALSE(look(Cause::kChange));
  child_.signal(SIGCONT);
  EXPECT_FALSE(look());
}

TEST_F(ProcessWatchTest, ReapedBeforeTheLookHasEnded) {
  start();
  kill_child();
  child_.reap();
  EXPECT_TRUE(look());
  EXPECT_TRUE(watch_->take().ended);
}

TEST_F(ProcessWatchTest, EndedAndReapedBeforeTheWatchHasEnded) {
  const UniqueFd pidfd = pidfd_of(child_);
  kill_child();
  child_.reap();
  const auto opened = ProcessWatch::open(pidfd.get());
  ASSERT_EQ(failure_of(opened), nullptr);
  EXPECT_TRUE(std::get<0>(opened)->look(Cause::kChange, 1, buffer_));
}

TEST_F(ProcessWatchTest, AsksForItsDuplicateWithoutASafetyRead) {
  const UniqueFd pidfd = pidfd_of(child_);
  const size_t before = test::open_fds();
  {
    const auto opened = ProcessWatch::open(pidfd.get());
    ASSERT_EQ(failure_of(opened), nullptr);
    ProcessWatch& watch = *std::get<0>(opened);
    EXPECT_EQ(test::open_fds(), before + 1);
    ASSERT_EQ(watch.attach(16, &registrar_), std::nullopt);
    ASSERT_EQ(registrar_.pidfds.size(), 1U);
    EXPECT_NE(registrar_.pidfds[0], pidfd.get());
    EXPECT_NE(fcntl(registrar_.pidfds[0], F_GETFD) & FD_CLOEXEC, 0);
    EXPECT_EQ(watch.safety_read_ns(), kNoSafetyRead);
  }
  EXPECT_EQ(test::open_fds(), before);
}

TEST_F(ProcessWatchTest, RefusedRegistrationFails) {
  start();
  registrar_.failure = Failure{ENOSPC, "epoll_ctl"};
  EXPECT_EQ(watch_->attach(16, &registrar_)->error, ENOSPC);
}

TEST_F(ProcessWatchTest, ReactorFailureIsReported) {
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 1);
  EXPECT_FALSE(watch_->take().ended);
  ASSERT_NE(watch_->take().failure, std::nullopt);
  EXPECT_EQ(watch_->take().failure->error, EBADF);
}

TEST_F(ProcessWatchTest, FdsRunningOutFail) {
  const UniqueFd pidfd = pidfd_of(child_);
  const test::FdLimit limit(0);
  EXPECT_EQ(open_error(pidfd.get()), EMFILE);
}

// A pipe with data, in the place of a pidfd that was closed, would pass for the
// end of a process.
TEST(ProcessWatch, WhatIsNoPidfdIsRefused) {
  const test::FixtureDirectory directory;
  directory.write("file", "text");
  const UniqueFd file(open(directory.path("file").c_str(), O_RDONLY));
  std::array<int, 2> ends;
  ASSERT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
  const UniqueFd out(ends[0]);
  const UniqueFd in(ends[1]);
  ASSERT_EQ(write(in.get(), "x", 1), 1);
  const size_t before = test::open_fds();
  for (const int fd : {-1, 1 << 20, file.get(), out.get(), in.get()}) {
    EXPECT_EQ(open_error(fd), EBADF) << fd;
  }
  EXPECT_EQ(test::open_fds(), before);
}

}  // namespace
}  // namespace spillway
