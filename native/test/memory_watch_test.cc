#include "memory_watch.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "child_process.h"
#include "fake_registrar.h"
#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "probe_source.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FakeRegistrar;
using test::FaultOrder;
using test::faults;
using test::FixtureDirectory;

constexpr Cause kChange = Cause::kChange;
constexpr Cause kSafetyRead = Cause::kSafetyRead;

// A fixture cgroup with memory.high 1000 and the default kill buffer, 50: short
// above 975, over at 950.
class MemoryWatchTest : public testing::Test {
 protected:
  MemoryWatchTest() {
    events({});
    usage(100);
    directory_.write("memory.high", "1000\n");
    directory_.write("memory.max", "max\n");
  }

  struct Counts {
    uint64_t low = 0, high = 0, max = 0, oom = 0, oom_kill = 0;
  };
  static std::string text_of(const Counts& counts) {
    return "low " + std::to_string(counts.low) + "\nhigh " +
           std::to_string(counts.high) + "\nmax " + std::to_string(counts.max) +
           "\noom " + std::to_string(counts.oom) + "\noom_kill " +
           std::to_string(counts.oom_kill) + "\noom_group_kill 0\n";
  }
  void events(const Counts& counts) {
    directory_.write("memory.events", text_of(counts));
  }
  void usage(uint64_t current, uint64_t cache = 0) {
    directory_.write("memory.current", std::to_string(current) + "\n");
    directory_.write(
        "memory.stat",
        "anon 0\ninactive_file " + std::to_string(cache) + "\nactive_file 0\n");
  }

  void start(EventKeySet keys = key_bit(kHigh)) {
    MemoryWatchOptions options;
    options.directory = directory_.path();
    options.keys = keys;
    auto opened = MemoryWatch::open(std::move(options));
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
  }

  // Whether JavaScript is to be told.
  bool look(Cause cause) { return watch_->look(cause, ++now_ns_, buffer_); }

  FixtureDirectory directory_;
  FakeRegistrar registrar_;
  std::shared_ptr<MemoryWatch> watch_;
  int64_t now_ns_ = 1000;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(MemoryWatchTest, MissingDirectoryOrFileCannotBeOpened) {
  MemoryWatchOptions options;
  options.directory = directory_.path("missing");
  EXPECT_EQ(failure_of(MemoryWatch::open(options))->error, ENOENT);
  options.directory = directory_.path();
  options.local = true;
  const auto opened = MemoryWatch::open(options);
  ASSERT_NE(failure_of(opened), nullptr);
  EXPECT_EQ(failure_of(opened)->error, ENOENT);
  EXPECT_STREQ(failure_of(opened)->file, "memory.events.local");
}

TEST_F(MemoryWatchTest, MalformedOrEverHalfWrittenFileCannotBeOpened) {
  MemoryWatchOptions options;
  options.directory = directory_.path();
  for (const char* text : {"nonsense\n", "high 1", ""}) {
    directory_.write("memory.events", text);
    const auto opened = MemoryWatch::open(options);
    ASSERT_NE(failure_of(opened), nullptr) << text;
    EXPECT_EQ(failure_of(opened)->error, kBadContent);
  }
}

TEST_F(MemoryWatchTest, LocalReadsTheOtherFile) {
  directory_.write("memory.events.local", "low 0\nhigh 5\n");
  MemoryWatchOptions options;
  options.directory = directory_.path();
  options.local = true;
  const auto opened = MemoryWatch::open(options);
  ASSERT_EQ(failure_of(opened), nullptr);
  const auto& watch = std::get<std::shared_ptr<MemoryWatch>>(opened);
  EXPECT_EQ(watch->take().counters[kHigh], 5U);
}

TEST_F(MemoryWatchTest, CountsBeforeTheStartRaiseNothing) {
  events({.low = 3, .high = 5, .max = 7, .oom = 9, .oom_kill = 11});
  start(0b111111);
  EXPECT_FALSE(look(kChange));
  EXPECT_FALSE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_FALSE(report.new_baseline);
  EXPECT_EQ(report.noticed_ns, 0);
  EXPECT_EQ(report.counters[kHigh], 5U);
  EXPECT_EQ(report.delta[kHigh], 0U);
}

TEST_F(MemoryWatchTest, CountsBetweenOpenAndAttachBelongToTheBaseline) {
  MemoryWatchOptions options;
  options.directory = directory_.path();
  auto opened = MemoryWatch::open(options);
  watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
  events({.high = 4});
  ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
  EXPECT_FALSE(look(kSafetyRead));
  EXPECT_EQ(watch_->take().counters[kHigh], 4U);
}

// The replacement was remembered and swallowed the first growth.
TEST_F(MemoryWatchTest, FileReplacedBeforeAttachIsTheBaseline) {
  MemoryWatchOptions options;
  options.directory = directory_.path();
  auto opened = MemoryWatch::open(options);
  watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
  directory_.replace("memory.events", text_of({.high = 4}));
  ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
  events({.high = 5});
  EXPECT_FALSE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.new_baseline);
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 1U);
}

TEST_F(MemoryWatchTest, GrowthWhileShortIsToldAtOnce) {
  start();
  events({.high = 2});
  usage(990);
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 2U);
  EXPECT_EQ(report.counters[kHigh], 2U);
  EXPECT_EQ(report.usage.current, 990U);
  EXPECT_EQ(report.limits.high, 1000U);
  EXPECT_TRUE(report.shortness.is_short);
  EXPECT_EQ(report.shortness.bytes_to_free, 40U);
  EXPECT_EQ(report.noticed_ns, now_ns_);
}

TEST_F(MemoryWatchTest, SameValuesWrittenAgainAreNoGrowth) {
  events({.high = 2});
  start();
  events({.high = 2});
  EXPECT_FALSE(look(kChange));
  EXPECT_FALSE(watch_->take().breach);
}

TEST_F(MemoryWatchTest, OnlyWatchedKeysBreach) {
  start();
  events({.low = 4, .max = 1});
  EXPECT_FALSE(look(kChange));
  EXPECT_FALSE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_EQ(report.delta[kLow], 4U) << "counted all the same";
}

TEST_F(MemoryWatchTest, ThreeGrowthsBreachThreeTimes) {
  usage(990);
  start();
  for (uint64_t high = 1; high <= 3; ++high) {
    events({.high = high});
    EXPECT_TRUE(look(kChange));
    const MemoryReport report = watch_->take();
    EXPECT_TRUE(report.breach);
    EXPECT_EQ(report.delta[kHigh], 1U);
    EXPECT_EQ(report.counters[kHigh], high);
    EXPECT_FALSE(watch_->take().breach) << "taken";
  }
}

TEST_F(MemoryWatchTest, GrowthsThatNobodyTookAddUp) {
  usage(990);
  start();
  events({.high = 1, .max = 1});
  EXPECT_TRUE(look(kChange));
  const int64_t noticed_ns = now_ns_;
  events({.high = 4, .max = 1});
  EXPECT_TRUE(look(kChange));
  events({.high = 9, .max = 3});
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_EQ(report.delta[kHigh], 9U);
  EXPECT_EQ(report.delta[kMax], 3U);
  EXPECT_EQ(report.noticed_ns, noticed_ns) << "the first counts";
}

TEST_F(MemoryWatchTest, ChurnWaitsForTheSafetyRead) {
  usage(1000, 900);
  start();
  for (uint64_t high = 1; high <= 200; ++high) {
    events({.high = high});
    EXPECT_FALSE(look(kChange));
  }
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 200U);
  EXPECT_TRUE(report.shortness.known);
  EXPECT_FALSE(report.shortness.is_short);
  EXPECT_EQ(report.noticed_ns, 1001) << "when it began";
  EXPECT_FALSE(look(kSafetyRead)) << "nothing since";
}

TEST_F(MemoryWatchTest, ChurnThatTurnsToShortageIsToldAtOnce) {
  usage(1000, 900);
  start();
  events({.high = 1});
  EXPECT_FALSE(look(kChange));
  usage(1000, 10);
  events({.high = 2});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 2U);
}

TEST_F(MemoryWatchTest, KillOfTheKernelIsToldAtOnce) {
  start(key_bit(kHigh) | key_bit(kOomKill));
  events({.oom_kill = 1});
  EXPECT_TRUE(look(kChange));
  EXPECT_TRUE(watch_->take().breach);
}

TEST_F(MemoryWatchTest, GrowthIsToldAtOnceWhereShortnessIsUnknown) {
  start();
  directory_.remove("memory.current");
  directory_.remove("memory.high");
  directory_.remove("memory.max");
  events({.high = 1});
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_FALSE(report.shortness.known);
}

TEST_F(MemoryWatchTest, SafetyReadFindsAShortageWithoutAnEvent) {
  start();
  usage(990);
  EXPECT_FALSE(look(kChange)) << "the counters did not change";
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 0U);
  EXPECT_TRUE(report.shortness.is_short);
}

TEST_F(MemoryWatchTest, LoweredLimitIsAShortage) {
  usage(500);
  start();
  EXPECT_FALSE(look(kSafetyRead));
  directory_.write("memory.high", "400\n");
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.limits.high, 400U);
  EXPECT_EQ(report.shortness.bytes_to_free, 120U);
}

TEST_F(MemoryWatchTest, ShortageIsSaidAgainAtEachSafetyRead) {
  usage(990);
  start();
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(look(kSafetyRead));
    EXPECT_TRUE(watch_->take().breach);
    EXPECT_FALSE(look(kChange));
  }
}

TEST_F(MemoryWatchTest, EndOfAShortageIsToldOnce) {
  usage(990);
  start();
  EXPECT_TRUE(look(kSafetyRead));
  watch_->take();
  usage(960);
  EXPECT_TRUE(look(kSafetyRead)) << "in the gap it is still short";
  EXPECT_TRUE(watch_->take().shortness.is_short);
  usage(950);
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.breach);
  EXPECT_FALSE(report.shortness.is_short);
  EXPECT_FALSE(look(kSafetyRead));
  usage(960);
  EXPECT_FALSE(look(kSafetyRead)) << "in the gap it is not short again";
}

// A half-written limit or usage file was taken for the end of the shortage.
TEST_F(MemoryWatchTest, FilesThatDoNotTellEndNoShortage) {
  usage(960);
  start();
  usage(990);
  EXPECT_TRUE(look(kSafetyRead));
  for (const char* name : {"memory.high", "memory.current", "memory.stat"}) {
    usage(960);
    directory_.write("memory.high", "1000\n");
    watch_->take();
    directory_.write(name, "");
    EXPECT_TRUE(look(kSafetyRead)) << name << ": still said again";
    EXPECT_FALSE(watch_->take().shortness.known) << name;
  }
  usage(960);
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_TRUE(watch_->take().shortness.is_short) << "the gap remembers";
}

TEST_F(MemoryWatchTest, FailureIsToldOnceAndSoIsRecovery) {
  start();
  {
    const FaultOrder order(&faults.pread, 3, EIO);
    EXPECT_TRUE(look(kChange));
    MemoryReport report = watch_->take();
    ASSERT_NE(report.failure, std::nullopt);
    EXPECT_EQ(report.failure->error, EIO);
    EXPECT_STREQ(report.failure->file, "memory.events");
    EXPECT_NE(report.noticed_ns, 0);
    EXPECT_FALSE(look(kSafetyRead));
    EXPECT_FALSE(look(kChange));
    EXPECT_TRUE(order.used_up());
  }
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  EXPECT_FALSE(look(kChange));
}

TEST_F(MemoryWatchTest, AnotherFailureIsToldToo) {
  start();
  {
    const FaultOrder order(&faults.pread, 1, EIO);
    EXPECT_TRUE(look(kChange));
  }
  const FaultOrder order(&faults.pread, 1, EACCES);
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().failure->error, EACCES);
}

TEST_F(MemoryWatchTest, GrowthDuringAFailureIsNotLost) {
  usage(990);
  start();
  directory_.write("memory.events", "nonsense\n");
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  EXPECT_FALSE(look(kSafetyRead));
  events({.high = 3});
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_EQ(report.failure, std::nullopt);
  EXPECT_TRUE(report.breach);
  EXPECT_EQ(report.delta[kHigh], 3U);
}

TEST_F(MemoryWatchTest, HalfWrittenFileIsNoSample) {
  usage(990);
  start();
  for (const char* text : {"", "low 0\nhi", "low 0\nhigh 9"}) {
    directory_.write("memory.events", text);
    EXPECT_FALSE(look(kChange)) << text;
  }
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  events({.high = 9});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 9U);
}

TEST_F(MemoryWatchTest, FileThatStaysHalfWrittenIsAFailure) {
  start();
  directory_.write("memory.events", "");
  EXPECT_FALSE(look(kSafetyRead));
  EXPECT_FALSE(look(kSafetyRead));
  EXPECT_TRUE(look(kSafetyRead));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  EXPECT_FALSE(look(kSafetyRead));
}

TEST_F(MemoryWatchTest, HalfWrittenFilesNowAndThenAreNoFailure) {
  start();
  for (uint64_t round = 0; round < 5; ++round) {
    directory_.write("memory.events", "");
    EXPECT_FALSE(look(kSafetyRead));
    EXPECT_FALSE(look(kSafetyRead));
    events({});
    EXPECT_FALSE(look(kSafetyRead));
  }
  EXPECT_EQ(watch_->take().failure, std::nullopt);
}

TEST_F(MemoryWatchTest, VanishedKeyIsNoSample) {
  usage(990);
  events({.high = 4});
  start();
  directory_.write("memory.events", "low 0\nmax 9\n");
  EXPECT_FALSE(look(kChange));
  EXPECT_EQ(watch_->take().counters[kHigh], 4U);
  events({.high = 5});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 1U);
}

// All that a new key had counted was taken for growth.
TEST_F(MemoryWatchTest, KeyThatAppearsGetsItsBaseline) {
  directory_.write("memory.events", "low 0\nmax 2\n");
  start(0b111111);
  usage(990);
  events({.high = 50, .max = 3});
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_EQ(report.delta[kHigh], 0U);
  EXPECT_EQ(report.delta[kMax], 1U);
  EXPECT_EQ(report.counters[kHigh], 50U);
}

TEST_F(MemoryWatchTest, ShrinkingCountersAreANewBaseline) {
  usage(990);
  events({.high = 10, .max = 1});
  start();
  events({.high = 3, .max = 7});
  EXPECT_TRUE(look(kChange));
  MemoryReport report = watch_->take();
  EXPECT_TRUE(report.new_baseline);
  EXPECT_FALSE(report.breach);
  EXPECT_EQ(report.delta[kMax], 0U);
  events({.high = 4, .max = 7});
  EXPECT_TRUE(look(kChange));
  report = watch_->take();
  EXPECT_FALSE(report.new_baseline);
  EXPECT_EQ(report.delta[kHigh], 1U);
}

TEST_F(MemoryWatchTest, ReplacedFileIsANewBaseline) {
  usage(990);
  start();
  directory_.replace("memory.events", text_of({.high = 100}));
  EXPECT_TRUE(look(kChange));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.new_baseline);
  EXPECT_EQ(report.delta[kHigh], 0U);
  events({.high = 101});
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 1U);
}

TEST_F(MemoryWatchTest, SaturatedCounterGrowsNoMore) {
  directory_.write("memory.events", "high 9007199254740990\n");
  start();
  usage(990);
  directory_.write("memory.events", "high 9007199254740992\n");
  EXPECT_TRUE(look(kChange));
  EXPECT_EQ(watch_->take().delta[kHigh], 1U);
  directory_.write("memory.events", "high 18446744073709551615\n");
  EXPECT_FALSE(look(kChange));
  EXPECT_FALSE(watch_->take().breach);
}

TEST_F(MemoryWatchTest, DeletedFileIsRemovedAtTheSafetyReadOnly) {
  events({.high = 2});
  start();
  directory_.remove("memory.events");
  EXPECT_FALSE(look(kChange)) << "it may be deleted to be made anew";
  EXPECT_FALSE(watch_->take().removed);
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_TRUE(report.removed);
  EXPECT_FALSE(report.exact);
  EXPECT_EQ(report.counters[kHigh], 2U) << "the last that were read";
  EXPECT_NE(report.noticed_ns, 0);
  events({.high = 9});
  EXPECT_FALSE(look(kSafetyRead)) << "removed is for good";
}

TEST_F(MemoryWatchTest, DeletedFileMadeAnewIsANewBaseline) {
  events({.high = 2});
  start();
  directory_.remove("memory.events");
  EXPECT_FALSE(look(kChange));
  events({.high = 9});
  EXPECT_TRUE(look(kSafetyRead));
  const MemoryReport report = watch_->take();
  EXPECT_FALSE(report.removed);
  EXPECT_TRUE(report.new_baseline);
}

TEST_F(MemoryWatchTest, CannotAttachToWhatIsGone) {
  MemoryWatchOptions options;
  options.directory = directory_.path();
  auto opened = MemoryWatch::open(options);
  directory_.remove("memory.events");
  const auto failure =
      std::get<std::shared_ptr<MemoryWatch>>(opened)->attach(16, &registrar_);
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, ENODEV);
}

TEST_F(MemoryWatchTest, ReactorFailureIsReported) {
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 77);
  const MemoryReport report = watch_->take();
  EXPECT_EQ(report.failure->error, EBADF);
  EXPECT_EQ(report.noticed_ns, 77);
}

TEST_F(MemoryWatchTest, FdsRunningOutFailAndLeaveNothingOpen) {
  MemoryWatchOptions options;
  options.directory = directory_.path();
  const size_t before = test::open_fds();
  for (const int room : {0, 1}) {
    const test::FdLimit limit(room);
    const auto opened = MemoryWatch::open(options);
    ASSERT_NE(failure_of(opened), nullptr);
    EXPECT_EQ(failure_of(opened)->error, EMFILE);
  }
  EXPECT_EQ(test::open_fds(), before);
}

// The whole way through a real reactor: each growth of a fixture file.
TEST_F(MemoryWatchTest, ReactorHearsEachGrowth) {
  usage(990);
  test::RecordingSink sink;
  auto started = Reactor::start(&sink);
  ASSERT_EQ(failure_of(started), nullptr);
  Reactor& reactor = *std::get<std::unique_ptr<Reactor>>(started);
  MemoryWatchOptions options;
  options.directory = directory_.path();
  options.safety_read_ns = test::kHourNs;
  auto opened = MemoryWatch::open(options);
  const auto watch = std::get<std::shared_ptr<MemoryWatch>>(opened);
  ASSERT_EQ(failure_of(reactor.add(watch)), nullptr);
  uint64_t heard = 0;
  for (uint64_t high = 1; high <= 50; ++high) {
    // In turn the careless way and that of one write.
    if (high % 2 == 0) {
      events({.high = high});
    } else {
      std::fstream(directory_.path("memory.events"),
                   std::ios::in | std::ios::out)
          << text_of({.high = high});
    }
    ASSERT_TRUE(sink.take_until(&reactor, [&] {
      const MemoryReport report = watch->take();
      heard += report.delta[kHigh];
      return report.counters[kHigh] == high;
    }));
  }
  EXPECT_EQ(heard, 50U);
}

// Needs the memory controller on cgroup v2: the lab has it.
class MemoryWatchOnCgroup2 : public testing::Test {
 protected:
  void SetUp() override {
    if (!cgroup_.problem().empty()) GTEST_SKIP() << cgroup_.problem();
    if (!cgroup_.has_memory()) {
      GTEST_SKIP() << "no memory controller on cgroup v2";
    }
    auto started = Reactor::start(&sink_);
    ASSERT_EQ(failure_of(started), nullptr);
    reactor_ = std::move(std::get<std::unique_ptr<Reactor>>(started));
    MemoryWatchOptions options;
    options.directory = cgroup_.path();
    options.safety_read_ns = 50 * test::kMillisecondNs;
    auto opened = MemoryWatch::open(options);
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<MemoryWatch>>(opened);
    ASSERT_EQ(failure_of(reactor_->add(watch_)), nullptr);
  }

  bool hear(const std::function<bool(const MemoryReport&)>& wanted) {
    return sink_.take_until(reactor_.get(),
                            [&] { return wanted(watch_->take()); });
  }

  // Lets the child go on once it stands in the cgroup.
  void admit(const test::ChildProcess& child) {
    ASSERT_TRUE(child.wait_for_stop());
    ASSERT_TRUE(cgroup_.write("cgroup.procs", std::to_string(child.pid())));
    child.signal(SIGCONT);
  }

  // A child that waits for SIGCONT, then takes memory and keeps it.
  static int hog() {
    raise(SIGSTOP);
    constexpr size_t kBytes = size_t{64} << 20;
    auto* memory = static_cast<volatile char*>(std::malloc(kBytes));
    for (size_t at = 0; at < kBytes; at += 4096) memory[at] = 1;
    for (;;) pause();
  }

  static int bystander() {
    raise(SIGSTOP);
    for (;;) pause();
  }

  test::ChildProcess hog_{hog};
  test::ChildProcess bystander_{bystander};
  test::RealCgroup cgroup_;
  test::RecordingSink sink_;
  std::unique_ptr<Reactor> reactor_;
  std::shared_ptr<MemoryWatch> watch_;
};

TEST_F(MemoryWatchOnCgroup2, HearsAShortageAndItsEnd) {
  ASSERT_TRUE(cgroup_.write("memory.high", std::to_string(32 << 20)));
  cgroup_.write("memory.swap.max", "0");
  admit(hog_);
  EXPECT_TRUE(hear([](const MemoryReport& report) {
    return report.breach && report.shortness.is_short &&
           report.counters[kHigh] > 0;
  }));
  ASSERT_TRUE(cgroup_.write("memory.high", "max"));
  EXPECT_TRUE(hear([](const MemoryReport& report) {
    return report.shortness.known && !report.shortness.is_short;
  }));
  hog_.signal(SIGKILL);
  ASSERT_TRUE(cgroup_.remove());
  EXPECT_TRUE(hear([](const MemoryReport& report) { return report.removed; }));
}

TEST_F(MemoryWatchOnCgroup2, RemovalIsExactAfterTheLastProcessWasSeenToLeave) {
  admit(bystander_);
  bystander_.signal(SIGKILL);
  bystander_.reap();
  // Both safety reads pass with an empty cgroup.
  auto clock = std::make_shared<test::ProbeSource>(50 * test::kMillisecondNs);
  ASSERT_EQ(failure_of(reactor_->add(clock)), nullptr);
  ASSERT_TRUE(clock->wait_for_looks(3));
  ASSERT_TRUE(cgroup_.remove());
  EXPECT_TRUE(hear([](const MemoryReport& report) {
    EXPECT_TRUE(!report.removed || report.exact);
    return report.removed;
  }));
}

}  // namespace
}  // namespace spillway
