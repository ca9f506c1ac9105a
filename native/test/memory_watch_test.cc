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
#include "memory_watch_fixture.h"
#include "probe_source.h"
#include "real_cgroup.h"
#include "recording_sink.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::kChange;
using test::kSafetyRead;
using test::MemoryWatchTest;

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

// It can be written without any memory.
TEST_F(MemoryWatchTest, AnOrdinaryFileIsAlwaysLookedAt) {
  start();
  look(kSafetyRead);
  EXPECT_FALSE(watch_->rest(kSafetyRead, now_ns_, 0));
}

}  // namespace
}  // namespace spillway
