#include "reactor.h"

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
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::FixtureDirectory;
using test::kHourNs;
using test::kMillisecondNs;
using test::ProbeSource;
using test::RecordingSink;

class ReactorTest : public testing::Test {
 protected:
  ReactorTest() { directory_.write("file", "0\n"); }

  void start() {
    auto started = Reactor::start(&sink_);
    ASSERT_EQ(failure_of(started), nullptr);
    reactor_ = std::move(std::get<std::unique_ptr<Reactor>>(started));
  }

  std::shared_ptr<ProbeSource> probe(int64_t safety_read_ns = kHourNs) {
    return std::make_shared<ProbeSource>(safety_read_ns);
  }
  std::shared_ptr<ProbeSource> file_probe(int64_t safety_read_ns = kHourNs) {
    return std::make_shared<ProbeSource>(safety_read_ns,
                                         directory_.path("file"));
  }

  SourceId add(std::shared_ptr<ProbeSource> source) {
    const Result<SourceId> id = reactor_->add(std::move(source));
    EXPECT_EQ(failure_of(id), nullptr);
    return failure_of(id) == nullptr ? std::get<SourceId>(id) : 0;
  }

  void touch() { directory_.write("file", "1\n"); }

  FixtureDirectory directory_;
  RecordingSink sink_;
  std::unique_ptr<Reactor> reactor_;
};

TEST_F(ReactorTest, ThousandStartsLeaveNothingBehind) {
  start();  // whatever the first one allocates for good
  reactor_.reset();
  const size_t fds = test::open_fds();
  const size_t threads = test::threads();
  for (int round = 0; round < 1000; ++round) {
    start();
    if (round % 4 == 0) add(file_probe());
    reactor_.reset();
  }
  EXPECT_EQ(test::open_fds(), fds);
  EXPECT_EQ(test::threads(), threads);
}

TEST_F(ReactorTest, StopsWithAnEventInFlight) {
  for (int round = 0; round < 200; ++round) {
    start();
    auto source = file_probe(kMillisecondNs);
    source->on_look = [](Cause, int64_t) { return true; };
    add(source);
    touch();
    reactor_.reset();
    const int looks = source->looks();
    touch();
    EXPECT_EQ(source->looks(), looks);
  }
}

TEST_F(ReactorTest, TakesThreeDescriptorsAndOneForOrdinaryFiles) {
  const size_t before = test::open_fds();
  start();
  EXPECT_EQ(test::open_fds(), before + 3);
  add(file_probe());
  add(file_probe());
  EXPECT_EQ(test::open_fds(), before + 4);
  reactor_.reset();
  EXPECT_EQ(test::open_fds(), before);
}

TEST_F(ReactorTest, ThreadIsNamedAndTakesNoSignals) {
  start();
  auto source = probe(kMillisecondNs);
  add(source);
  ASSERT_TRUE(source->wait_for_looks(1));
  const auto threads = test::threads_named("spillway");
  ASSERT_EQ(threads.size(), 1U);
  const std::string blocked = test::status_line(threads[0], "SigBlk");
  const uint64_t mask = std::stoull(blocked, nullptr, 16);
  for (const int signal : {SIGINT, SIGTERM, SIGCHLD, SIGUSR1, SIGPROF}) {
    EXPECT_NE(mask & (uint64_t{1} << (signal - 1)), 0U) << signal;
  }
  sigset_t own;
  pthread_sigmask(SIG_SETMASK, nullptr, &own);
  EXPECT_EQ(sigismember(&own, SIGTERM), 0) << "the starter keeps its mask";
}

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

TEST_F(ReactorTest, SafetyReadsComeByThemselves) {
  start();
  auto source = probe(kMillisecondNs);
  std::atomic<bool> only_safety_reads = true;
  source->on_look = [&](Cause cause, int64_t) {
    if (cause != Cause::kSafetyRead) only_safety_reads = false;
    return false;
  };
  add(source);
  EXPECT_TRUE(source->wait_for_looks(5));
  reactor_.reset();
  EXPECT_TRUE(only_safety_reads);
  EXPECT_EQ(sink_.pokes(), 0);
}

TEST_F(ReactorTest, LaterSourceWithAShorterIntervalIsNotKeptWaiting) {
  start();
  add(probe(kHourNs));
  auto source = probe(kMillisecondNs);
  const SourceId id = add(source);
  EXPECT_TRUE(source->wait_for_looks(3));
  reactor_->remove(id);
  auto again = probe(kMillisecondNs);
  add(again);
  EXPECT_TRUE(again->wait_for_looks(3));
}

TEST_F(ReactorTest, LaterSourceWithALongerIntervalPostponesNothing) {
  start();
  auto source = probe(20 * kMillisecondNs);
  add(source);
  for (int round = 0; round < 5; ++round) {
    const int looks = source->looks();
    add(probe(kHourNs));
    ASSERT_TRUE(source->wait_for_looks(looks + 1));
  }
}

TEST_F(ReactorTest, ChangesComeWithoutTheTimer) {
  start();
  auto source = file_probe();
  std::atomic<bool> only_changes = true;
  source->on_look = [&](Cause cause, int64_t) {
    if (cause != Cause::kChange) only_changes = false;
    return true;
  };
  const SourceId id = add(source);
  touch();
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{id});
  reactor_.reset();
  EXPECT_TRUE(only_changes);
}

TEST_F(ReactorTest, PokeIsNotRepeatedBeforeTakeReady) {
  start();
  auto source = file_probe();
  source->on_look = [](Cause, int64_t) { return true; };
  const SourceId id = add(source);
  touch();
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  for (int round = 0; round < 20; ++round) {
    const int looks = source->looks();
    touch();
    ASSERT_TRUE(source->wait_for_looks(looks + 1));
  }
  // The last look's poke, if there were one, comes before the next look.
  auto clock = probe(kMillisecondNs);
  add(clock);
  ASSERT_TRUE(clock->wait_for_looks(2));
  EXPECT_EQ(sink_.pokes(), 1);
  EXPECT_EQ(reactor_->take_ready(), std::vector<SourceId>{id});
  touch();
  EXPECT_TRUE(sink_.wait_for_pokes(2));
}

TEST_F(ReactorTest, ReadySourceIsHandedOverOnce) {
  start();
  auto source = file_probe(kMillisecondNs);
  source->on_look = [](Cause, int64_t) { return true; };
  const SourceId id = add(source);
  ASSERT_TRUE(source->wait_for_looks(10));
  const std::vector<SourceId> ready = reactor_->take_ready();
  EXPECT_EQ(ready, std::vector<SourceId>{id}) << "many looks, one entry";
}

TEST_F(ReactorTest, RemovedSourceIsNoLongerReady) {
  start();
  auto source = file_probe();
  source->on_look = [](Cause, int64_t) { return true; };
  const SourceId id = add(source);
  touch();
  ASSERT_TRUE(sink_.wait_for_pokes(1));
  reactor_->remove(id);
  reactor_->remove(id);
  EXPECT_TRUE(reactor_->take_ready().empty());
  EXPECT_EQ(source.use_count(), 1) << "let go of";
}

// Each reactor began with the same ids: stopping an old watch twice removed
// one of the next reactor.
TEST_F(ReactorTest, IdsAreNotUsedAgainByTheNextReactor) {
  start();
  const SourceId old = add(probe());
  reactor_.reset();
  start();
  auto source = probe(kMillisecondNs);
  EXPECT_NE(add(source), old);
  reactor_->remove(old);
  EXPECT_TRUE(source->wait_for_looks(2));
}

TEST_F(ReactorTest, RemovedSourceLeavesNoWatchInTheKernel) {
  start();
  const SourceId id = add(file_probe());
  const SourceId other = add(file_probe());
  EXPECT_EQ(test::inotify_watches(), 1U) << "one file";
  reactor_->remove(id);
  EXPECT_EQ(test::inotify_watches(), 1U);
  reactor_->remove(other);
  EXPECT_EQ(test::inotify_watches(), 0U);
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

TEST_F(ReactorTest, ThousandSourcesShareAWakeUp) {
  constexpr int kSources = 1000;
  start();
  std::map<int64_t, int> looks_at;  // under the reactor's lock
  std::vector<std::shared_ptr<ProbeSource>> sources;
  for (int index = 0; index < kSources; ++index) {
    auto source = probe(50 * kMillisecondNs);
    source->on_look = [&](Cause, int64_t now_ns) {
      ++looks_at[now_ns];
      return true;
    };
    sources.push_back(source);
    add(source);
  }
  // From when all are there: the first and the last wake-up may be partial.
  int first = 0;
  {
    const auto guard = reactor_->lock();
    looks_at.clear();
    first = sources[0]->looks();
  }
  const int pokes = sink_.pokes();
  for (int round = 0; round < 6; ++round) {
    ASSERT_TRUE(sources[0]->wait_for_looks(first + round + 1));
    reactor_->take_ready();
  }
  reactor_.reset();
  ASSERT_GE(looks_at.size(), 5U);
  for (auto at = std::next(looks_at.begin()); at != std::prev(looks_at.end());
       ++at) {
    EXPECT_EQ(at->second, kSources);
  }
  EXPECT_LE(sink_.pokes() - pokes, static_cast<int>(looks_at.size()));
}

TEST_F(ReactorTest, IdleReactorSleeps) {
  start();
  auto source = file_probe();
  add(source);
  touch();
  ASSERT_TRUE(source->wait_for_looks(1));
  const auto idle = test::threads_named("spillway");
  ASSERT_EQ(idle.size(), 1U);
  // Another reactor's safety reads are the clock. The first ones let the idle
  // thread finish with the change above.
  const auto clock = Reactor::start(&sink_);
  auto ticks = probe(kMillisecondNs);
  ASSERT_EQ(failure_of(clock), nullptr);
  const auto& other = std::get<std::unique_ptr<Reactor>>(clock);
  ASSERT_EQ(failure_of(other->add(ticks)), nullptr);
  const auto switches = [&] {
    return test::status_line(idle[0], "voluntary_ctxt_switches");
  };
  ASSERT_TRUE(ticks->wait_for_looks(100));
  const std::string before = switches();
  ASSERT_FALSE(before.empty());
  ASSERT_TRUE(ticks->wait_for_looks(300));
  EXPECT_EQ(switches(), before);
}

// Several threads add and remove while a writer never rests. No source is
// looked at after its removal has returned, nor while it is removed.
TEST_F(ReactorTest, AddAndRemoveInAStorm) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 250;
  start();
  std::atomic<bool> done = false;
  std::atomic<int> late_looks = 0;
  std::thread writer([&] {
    while (!done) touch();
  });
  std::thread reader([&] {
    while (!done) reactor_->take_ready();
  });
  std::vector<std::thread> threads;
  for (int index = 0; index < kThreads; ++index) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        auto source = file_probe(kMillisecondNs);
        auto removed = std::make_shared<std::atomic<bool>>(false);
        source->on_look = [&late_looks, removed](Cause, int64_t) {
          std::this_thread::yield();
          if (*removed) ++late_looks;
          return true;
        };
        const SourceId id = add(source);
        if (round % 2 == 0) source->wait_for_looks(1);
        reactor_->remove(id);
        *removed = true;
        EXPECT_EQ(source.use_count(), 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  writer.join();
  reader.join();
  EXPECT_EQ(late_looks, 0);
  EXPECT_TRUE(reactor_->take_ready().empty());
}

// The lock of the sources is free during a poke: a sink may call back.
TEST(ReactorSink, MayCallTheReactorFromAPoke) {
  class CallingSink final : public Sink {
   public:
    void poke() override {
      for (const SourceId id : reactor->take_ready()) reactor->remove(id);
      inner.poke();
    }
    Reactor* reactor = nullptr;
    RecordingSink inner;
  } sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  sink.reactor = std::get<std::unique_ptr<Reactor>>(started).get();
  auto source = std::make_shared<ProbeSource>(kMillisecondNs);
  source->on_look = [](Cause, int64_t) { return true; };
  ASSERT_EQ(failure_of(sink.reactor->add(source)), nullptr);
  EXPECT_TRUE(sink.inner.wait_for_pokes(1));
  EXPECT_EQ(source->looks(), 1);
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
