#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "child_process.h"
#include "faults.h"
#include "process.h"
#include "process_watch.h"
#include "reactor_fixture.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::kMillisecondNs;

class ProcessWatchReactorTest : public test::ReactorTest {
 protected:
  struct Watched {
    SourceId id;
    std::shared_ptr<ProcessWatch> watch;
  };

  // Its pidfd is closed when this returns.
  Watched watch(const test::ChildProcess& child) {
    const Result<UniqueFd> pidfd = open_pidfd(child.pid());
    EXPECT_EQ(failure_of(pidfd), nullptr);
    const auto opened = ProcessWatch::open(std::get<UniqueFd>(pidfd).get());
    EXPECT_EQ(failure_of(opened), nullptr);
    const Result<SourceId> id = reactor_->add(std::get<0>(opened));
    EXPECT_EQ(failure_of(id), nullptr);
    return {std::get<SourceId>(id), std::get<0>(opened)};
  }

  bool has_ended(const Watched& watched) {
    const auto guard = reactor_->lock();
    return watched.watch->take().ended;
  }

  // Long enough for whatever the thread has to do, and no time is asserted.
  void let_it_run() {
    const auto clock = Reactor::start(&clock_sink_);
    ASSERT_EQ(failure_of(clock), nullptr);
    auto ticks = probe(kMillisecondNs);
    ASSERT_EQ(failure_of(std::get<0>(clock)->add(ticks)), nullptr);
    ASSERT_TRUE(ticks->wait_for_looks(100));
  }

  test::RecordingSink clock_sink_;
};

TEST_F(ProcessWatchReactorTest, EndWhileWatchedIsTold) {
  test::ChildProcess child;
  start();
  const Watched watched = watch(child);
  EXPECT_FALSE(has_ended(watched));
  child.signal(SIGTERM);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{watched.id});
  EXPECT_TRUE(has_ended(watched));
}

TEST_F(ProcessWatchReactorTest, EndBeforeTheWatchIsTold) {
  test::ChildProcess child([] { return 3; });
  siginfo_t info;
  waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT);
  start();
  const Watched watched = watch(child);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{watched.id});
  EXPECT_TRUE(has_ended(watched));
}

TEST_F(ProcessWatchReactorTest, EndIsToldOnceThoughTheProcessIsReapedLater) {
  test::ChildProcess child;
  start();
  const Watched watched = watch(child);
  child.signal(SIGKILL);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{watched.id});
  child.reap();
  let_it_run();
  EXPECT_EQ(sink_.pokes(), 1);
  EXPECT_TRUE(reactor_->take_ready().empty());
}

// Level-triggered, a pidfd whose process has ended wakes the thread for ever.
TEST_F(ProcessWatchReactorTest, EndDoesNotSpinTheThread) {
  class PidfdSource final : public test::ProbeSource {
   public:
    explicit PidfdSource(UniqueFd pidfd)
        : ProbeSource(kNoSafetyRead), pidfd_(std::move(pidfd)) {}
    std::optional<Failure> attach(SourceId id, Registrar* registrar) override {
      return registrar->watch_process(id, pidfd_.get());
    }

   private:
    const UniqueFd pidfd_;
  };
  test::ChildProcess child;
  start();
  auto source = std::make_shared<PidfdSource>(
      std::get<UniqueFd>(open_pidfd(child.pid())));
  add(source);
  child.signal(SIGKILL);
  ASSERT_TRUE(source->wait_for_looks(1));
  auto clock = probe(kMillisecondNs);
  add(clock);
  ASSERT_TRUE(clock->wait_for_looks(20));
  EXPECT_EQ(source->looks(), 1);
  child.reap();
  ASSERT_TRUE(clock->wait_for_looks(40));
  EXPECT_LE(source->looks(), 2) << "newer kernels report the reaping, too";
}

// Its timer is not armed at all; a source that wants one is not disturbed.
TEST_F(ProcessWatchReactorTest, NeverLooksWithoutAReasonBesideOthersThatDo) {
  const test::ChildProcess child;
  start();
  const Watched watched = watch(child);
  auto source = probe(kMillisecondNs);
  const SourceId id = add(source);
  ASSERT_TRUE(source->wait_for_looks(5));
  reactor_->remove(id);
  const auto threads = test::threads_named("spillway");
  ASSERT_EQ(threads.size(), 1U);
  const auto sleeps = [&] {
    return test::status_line(threads[0], "voluntary_ctxt_switches");
  };
  let_it_run();
  const std::string before = sleeps();
  ASSERT_FALSE(before.empty());
  let_it_run();
  EXPECT_EQ(sleeps(), before);
  EXPECT_FALSE(has_ended(watched));
}

TEST_F(ProcessWatchReactorTest, RemovedBeforeTheEndTellsNothing) {
  test::ChildProcess child;
  test::ChildProcess other;
  start();
  const size_t fds = test::open_fds();
  {
    const Watched watched = watch(child);
    reactor_->remove(watched.id);
    EXPECT_EQ(watched.watch.use_count(), 1) << "let go of";
  }
  EXPECT_EQ(test::open_fds(), fds);
  child.signal(SIGKILL);
  child.reap();
  const Watched watched = watch(other);
  other.signal(SIGKILL);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{watched.id});
}

// epoll holds the process's file, not the descriptor: one that was closed
// without being taken out would go on reporting for a number that is another's.
TEST_F(ProcessWatchReactorTest, TwoWatchesOfOneProcessAreIndependent) {
  test::ChildProcess child;
  start();
  const Result<UniqueFd> pidfd = open_pidfd(child.pid());
  ASSERT_EQ(failure_of(pidfd), nullptr);
  std::vector<SourceId> ids;
  for (int index = 0; index < 2; ++index) {
    const auto opened = ProcessWatch::open(std::get<UniqueFd>(pidfd).get());
    ASSERT_EQ(failure_of(opened), nullptr);
    ids.push_back(std::get<SourceId>(reactor_->add(std::get<0>(opened))));
  }
  reactor_->remove(ids[0]);
  child.signal(SIGKILL);
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{ids[1]});
}

// More than one epoll_wait() hands over.
TEST_F(ProcessWatchReactorTest, ManyEndAtOnceAndEachIsToldOnce) {
  constexpr int kProcesses = 150;
  std::vector<std::unique_ptr<test::ChildProcess>> children;
  for (int index = 0; index < kProcesses; ++index) {
    children.push_back(std::make_unique<test::ChildProcess>());
  }
  start();
  std::vector<Watched> watched;
  for (const auto& child : children) watched.push_back(watch(*child));
  for (const auto& child : children) child->signal(SIGKILL);
  std::multiset<SourceId> told;
  for (int pokes = 1; told.size() < kProcesses; ++pokes) {
    ASSERT_TRUE(sink_.wait_for_pokes(pokes));
    for (const SourceId id : reactor_->take_ready()) told.insert(id);
  }
  for (const Watched& each : watched) {
    EXPECT_EQ(told.count(each.id), 1U);
    EXPECT_TRUE(has_ended(each));
  }
}

TEST_F(ProcessWatchReactorTest, StopsWithAnEndInFlightAndLeavesNothing) {
  start();  // whatever the first one allocates for good
  reactor_.reset();
  const size_t fds = test::open_fds();
  const size_t threads = test::threads();
  for (int round = 0; round < 50; ++round) {
    test::ChildProcess child;
    start();
    {
      const Watched watched = watch(child);
      child.signal(SIGKILL);
    }
    reactor_.reset();
  }
  EXPECT_EQ(test::open_fds(), fds);
  EXPECT_EQ(test::threads(), threads);
}

TEST_F(ProcessWatchReactorTest, BrokenWaitIsToldAsAFailure) {
  const test::ChildProcess child;
  start();
  const Watched watched = watch(child);
  add(file_probe());
  const FaultOrder order(&faults.epoll_wait, 1, EBADF);
  touch();  // ends the wait that is under way
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  const auto guard = reactor_->lock();
  ASSERT_NE(watched.watch->take().failure, std::nullopt);
  EXPECT_EQ(watched.watch->take().failure->error, EBADF);
  EXPECT_FALSE(watched.watch->take().ended);
}

}  // namespace
}  // namespace spillway
