#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "child_process.h"
#include "clock.h"
#include "faults.h"
#include "fixture_directory.h"
#include "probe_source.h"
#include "reactor.h"
#include "reactor_fixture.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::kHourNs;
using test::kMillisecondNs;
using test::ProbeSource;
using test::ReactorTest;
using test::RecordingSink;

// The starter was left with every signal blocked.
TEST_F(ReactorTest, ThreadThatCannotStartLeavesTheSignalMaskAlone) {
  const size_t fds = test::open_fds();
  pthread_attr_t normal;
  pthread_attr_t huge;
  ASSERT_EQ(pthread_getattr_default_np(&normal), 0);
  ASSERT_EQ(pthread_attr_init(&huge), 0);
  ASSERT_EQ(pthread_attr_setstacksize(&huge, size_t{1} << 47), 0);
  ASSERT_EQ(pthread_setattr_default_np(&huge), 0);
  const auto started = Reactor::start(&sink_);
  ASSERT_EQ(pthread_setattr_default_np(&normal), 0);
  ASSERT_NE(failure_of(started), nullptr);
  EXPECT_EQ(failure_of(started)->error, EAGAIN);
  EXPECT_STREQ(failure_of(started)->call, "pthread_create");
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0);
  EXPECT_EQ(test::open_fds(), fds);
}

TEST_F(ReactorTest, SourceThatCannotAttachIsDropped) {
  start();
  auto source = file_probe();
  source->attach_failure = Failure{EACCES, "open"};
  const Result<SourceId> id = reactor_->add(source);
  ASSERT_NE(failure_of(id), nullptr);
  EXPECT_EQ(failure_of(id)->error, EACCES);
  EXPECT_EQ(source.use_count(), 1);
  // A source on the same file is looked at, the dropped one no more.
  auto other = file_probe();
  add(other);
  touch();
  EXPECT_TRUE(other->wait_for_looks(1));
  EXPECT_EQ(source->looks(), 0);
}

TEST_F(ReactorTest, InterruptedWaitGoesOn) {
  const FaultOrder order(&faults.epoll_wait, 5, EINTR);
  start();
  auto source = file_probe();
  add(source);
  touch();
  EXPECT_TRUE(source->wait_for_looks(1));
  EXPECT_TRUE(order.used_up());
}

// SIGCONT after SIGSTOP makes epoll_wait() return EINTR although every signal
// is blocked.
TEST_F(ReactorTest, SurvivesStopAndContinue) {
  int gate[2];
  int answer[2];
  ASSERT_EQ(pipe(gate), 0);
  ASSERT_EQ(pipe(answer), 0);
  constexpr int kRounds = 10;
  const auto body = [&]() -> int {
    start();
    auto source = file_probe();
    source->on_look = [](Cause, int64_t) { return true; };
    add(source);
    char byte = 0;
    for (int round = 0; round < kRounds; ++round) {
      if (write(answer[1], &byte, 1) != 1) return 1;
      if (read(gate[0], &byte, 1) != 1) return 2;
      const int before = sink_.pokes();
      reactor_->take_ready();
      touch();
      if (!sink_.wait_for_pokes(before + 1)) return 3;
    }
    reactor_.reset();
    return 0;
  };
  test::ChildProcess child(body);
  close(gate[0]);
  close(answer[1]);  // so that the child's early end is seen below
  char byte = 0;
  for (int round = 0; round < kRounds; ++round) {
    ASSERT_EQ(read(answer[0], &byte, 1), 1);
    child.signal(SIGSTOP);
    ASSERT_TRUE(child.wait_for_stop());
    child.signal(SIGCONT);
    ASSERT_EQ(write(gate[1], &byte, 1), 1);
  }
  const int status = child.reap();
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  close(gate[1]);
  close(answer[0]);
}

// A source that was added after the thread had ended waited for ever.
TEST_F(ReactorTest, BrokenWaitFailsEverySourceAndEveryLaterOne) {
  start();
  auto source = file_probe();
  const SourceId id = add(source);
  const FaultOrder order(&faults.epoll_wait, 1, EBADF);
  touch();  // ends the wait that is under way
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  ASSERT_NE(source->failure(), std::nullopt);
  EXPECT_EQ(source->failure()->error, EBADF);
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{id});
  const Result<SourceId> later = reactor_->add(probe());
  ASSERT_NE(failure_of(later), nullptr);
  EXPECT_EQ(failure_of(later)->error, EBADF);
  EXPECT_STREQ(failure_of(later)->call, "epoll_wait");
  reactor_->remove(id);
  reactor_.reset();
}

TEST_F(ReactorTest, FdsRunningOutFailAndLeaveNothingBehind) {
  const size_t fds = test::open_fds();
  const size_t threads = test::threads();
  for (int room = 0; room < 3; ++room) {
    const test::FdLimit limit(room);
    const auto started = Reactor::start(&sink_);
    ASSERT_NE(failure_of(started), nullptr) << room;
    EXPECT_EQ(failure_of(started)->error, EMFILE);
  }
  EXPECT_EQ(test::open_fds(), fds);
  EXPECT_EQ(test::threads(), threads);
}

TEST_F(ReactorTest, FdsRunningOutForTheFirstOrdinaryFileFailThatSource) {
  start();
  {
    const test::FdLimit limit(0);
    const Result<SourceId> id = reactor_->add(file_probe());
    ASSERT_NE(failure_of(id), nullptr);
    EXPECT_EQ(failure_of(id)->error, EMFILE);
    EXPECT_STREQ(failure_of(id)->call, "inotify_init1");
  }
  auto source = file_probe();
  add(source);
  touch();
  EXPECT_TRUE(source->wait_for_looks(1)) << "once there are some again";
}

TEST_F(ReactorTest, RefusedPathFailsThatSourceAlone) {
  start();
  auto good = file_probe();
  add(good);
  {
    const FaultOrder order(&faults.inotify_add_watch, 1, ENOSPC);
    EXPECT_EQ(failure_of(reactor_->add(file_probe()))->error, ENOSPC);
  }
  EXPECT_EQ(failure_of(reactor_->add(std::make_shared<ProbeSource>(
                           kHourNs, directory_.path("missing"))))
                ->error,
            ENOENT);
  touch();
  EXPECT_TRUE(good->wait_for_looks(1));
}

// A file on cgroup v2 whose change is never read must not spin the thread, and
// a removed source leaves nothing in the epoll set.
TEST(ReactorOnCgroup2, UnreadChangeDoesNotSpin) {
  class UnreadSource final : public ProbeSource {
   public:
    UnreadSource(int64_t safety_read_ns, int fd)
        : ProbeSource(safety_read_ns), fd_(fd) {}
    std::optional<Failure> attach(SourceId id, Registrar* registrar) override {
      return registrar->watch_kernfs(id, fd_);
    }

   private:
    const int fd_;
  };
  const test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  const UniqueFd fd(
      open((cgroup.path() + "/cgroup.events").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(fd.valid());
  RecordingSink sink;
  const auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  Reactor& reactor = *std::get<std::unique_ptr<Reactor>>(started);
  auto source = std::make_shared<UnreadSource>(kHourNs, fd.get());
  const Result<SourceId> id = reactor.add(source);
  ASSERT_EQ(failure_of(id), nullptr);
  ASSERT_TRUE(source->wait_for_looks(1)) << "a file that was never read";
  auto clock = std::make_shared<ProbeSource>(kMillisecondNs);
  ASSERT_EQ(failure_of(reactor.add(clock)), nullptr);
  ASSERT_TRUE(clock->wait_for_looks(20));
  EXPECT_EQ(source->looks(), 1);

  EXPECT_EQ(failure_of(reactor.add(source))->error, EEXIST)
      << "one descriptor, one source";
  reactor.remove(std::get<SourceId>(id));
  EXPECT_EQ(failure_of(reactor.add(source)), nullptr);
}

}  // namespace
}  // namespace spillway
