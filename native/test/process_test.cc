#include "process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>

#include <csignal>
#include <limits>
#include <utility>

#include "child_process.h"
#include "faults.h"
#include "fixture_directory.h"
#include "this_process.h"

namespace spillway {
namespace {

TEST(Process, SignalReachesTheChild) {
  test::ChildProcess child;
  const Result<UniqueFd> opened = open_pidfd(child.pid());
  ASSERT_EQ(failure_of(opened), nullptr);
  const int pidfd = std::get<UniqueFd>(opened).get();
  EXPECT_NE(fcntl(pidfd, F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(signal_pidfd(pidfd, 0), std::nullopt);

  pollfd ended{pidfd, POLLIN, 0};
  EXPECT_EQ(poll(&ended, 1, 0), 0);
  EXPECT_EQ(signal_pidfd(pidfd, SIGTERM), std::nullopt);
  EXPECT_EQ(poll(&ended, 1, 60'000), 1) << "readable at the process's end";
  EXPECT_EQ(signal_pidfd(pidfd, SIGKILL), std::nullopt) << "a zombie takes it";

  const int status = child.reap();
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  const auto failure = signal_pidfd(pidfd, SIGKILL);
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, ESRCH);
  EXPECT_STREQ(failure->call, "pidfd_send_signal");
}

TEST(Process, PidfdOfNobodyFails) {
  test::ChildProcess child([] { return 0; });
  const pid_t pid = child.pid();
  child.reap();
  const Result<UniqueFd> opened = open_pidfd(pid);
  ASSERT_NE(failure_of(opened), nullptr);
  EXPECT_EQ(failure_of(opened)->error, ESRCH);
  for (const pid_t bad : {0, -1, std::numeric_limits<pid_t>::min()}) {
    EXPECT_EQ(failure_of(open_pidfd(bad))->error, EINVAL) << bad;
  }
}

TEST(Process, BadSignalOrDescriptorFails) {
  const test::ChildProcess child;
  const Result<UniqueFd> opened = open_pidfd(child.pid());
  ASSERT_EQ(failure_of(opened), nullptr);
  EXPECT_EQ(signal_pidfd(std::get<UniqueFd>(opened).get(), 1000)->error,
            EINVAL);
  EXPECT_EQ(signal_pidfd(-1, 0)->error, EBADF);
  EXPECT_EQ(signal_pidfd(STDIN_FILENO, 0)->error, EBADF);
}

TEST(Process, MemoryIsReleasedSoundlySinceLinux517) {
  for (const char* release : {"5.17.0", "5.17.0-rc1", "6.1.0-50-amd64",
                              "6.12.117+deb13-amd64", "10.0"}) {
    EXPECT_TRUE(releases_soundly(release)) << release;
  }
  for (const char* release :
       {"5.15.0-130-generic", "5.16.20", "5.9", "4.18.0", "", "nonsense"}) {
    EXPECT_FALSE(releases_soundly(release)) << release;
  }
}

TEST(Process, FdsRunningOutFail) {
  const test::ChildProcess child;
  const test::FdLimit limit(0);
  const Result<UniqueFd> opened = open_pidfd(child.pid());
  ASSERT_NE(failure_of(opened), nullptr);
  EXPECT_EQ(failure_of(opened)->error, EMFILE);
}

class LockFile : public testing::Test {
 protected:
  UniqueFd open_directory() {
    return UniqueFd(open(directory_.path().c_str(), O_RDONLY | O_CLOEXEC));
  }

  test::FixtureDirectory directory_;
};

TEST_F(LockFile, SecondDescriptorDoesNotGetIt) {
  UniqueFd first = open_directory();
  const UniqueFd second = open_directory();
  EXPECT_EQ(lock_file(first.get()), std::nullopt);
  EXPECT_EQ(lock_file(first.get()), std::nullopt) << "it has it already";
  const auto failure = lock_file(second.get());
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, EWOULDBLOCK);
  EXPECT_STREQ(failure->call, "flock");
  { const UniqueFd closed = std::move(first); }
  EXPECT_EQ(lock_file(second.get()), std::nullopt);
}

TEST_F(LockFile, InterruptedCallIsRepeated) {
  const UniqueFd fd = open_directory();
  const test::FaultOrder order(&test::faults.flock, 2, EINTR);
  EXPECT_EQ(lock_file(fd.get()), std::nullopt);
  EXPECT_TRUE(order.used_up());
}

TEST_F(LockFile, NoDescriptorFails) { EXPECT_EQ(lock_file(-1)->error, EBADF); }

TEST(UniqueFdTest, ClosesWhatItOwnsOnce) {
  const size_t before = test::open_fds();
  {
    UniqueFd one(dup(STDIN_FILENO));
    UniqueFd two(dup(STDIN_FILENO));
    const int kept = two.get();
    one = std::move(two);
    EXPECT_EQ(one.get(), kept);
    UniqueFd three(std::move(one));
    EXPECT_EQ(three.get(), kept);
    EXPECT_FALSE(one.valid());  // NOLINT(bugprone-use-after-move)
  }
  EXPECT_EQ(test::open_fds(), before);
}

}  // namespace
}  // namespace spillway
