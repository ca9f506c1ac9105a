#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "faults.h"
#include "threshold_watch_fixture.h"

namespace spillway {
namespace {

using test::kMs;
using test::kOwn;
using test::kParent;

class ThresholdWatchFailureTest : public test::ThresholdWatchTest {
 protected:
  Failure start_failure(PlaceKind kind = PlaceKind::kV2) {
    options_.place = fixture_.place(kind);
    const auto opened = ThresholdWatch::open(options_);
    EXPECT_NE(failure_of(opened), nullptr);
    return failure_of(opened) == nullptr ? Failure{} : *failure_of(opened);
  }

  void own(const char* name, std::string_view text) {
    fixture_.directory.write(std::string(kOwn) + "/" + name, text);
  }
};

// Ray 3.5: a stat or usage file missing is null, and no trigger.
TEST_F(ThresholdWatchFailureTest, UnreadableFiguresDecideNothingAndAreTold) {
  for (const char* text : {"much\n", "-1\n", "max\n", "1 2\n"}) {
    fixture_.usage(kOwn, 100);
    start();
    EXPECT_FALSE(look(0));
    own("memory.current", text);
    EXPECT_TRUE(look(250)) << text;
    ThresholdReport report = watch_->take();
    EXPECT_EQ(report.failure->error, kBadContent) << text;
    EXPECT_STREQ(report.failure->file, "memory.current");
    EXPECT_FALSE(report.breach);
    EXPECT_FALSE(look(500)) << "told once";
    fixture_.usage(kOwn, 100);
    EXPECT_TRUE(look(750)) << "and so is its end";
    EXPECT_EQ(watch_->take().failure, std::nullopt);
  }
}

TEST_F(ThresholdWatchFailureTest, UnreadableFiguresEndNoBreach) {
  start();
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(0));
  fixture_.directory.remove("parent/own/memory.current");
  EXPECT_TRUE(look(250));
  EXPECT_EQ(watch_->take().failure->error, ENOENT);
  EXPECT_FALSE(look(500));
  EXPECT_TRUE(watch_->take().over);
}

TEST_F(ThresholdWatchFailureTest, AMissingKeyOfMemoryStatIsAFailureNear) {
  start();
  EXPECT_FALSE(look(0));
  fixture_.usage(kOwn, 800);
  own("memory.stat", "anon 800\nactive_file 0\n");
  EXPECT_TRUE(look(250));
  const ThresholdReport report = watch_->take();
  EXPECT_FALSE(report.over);
  EXPECT_STREQ(report.failure->file, "memory.stat");
}

TEST_F(ThresholdWatchFailureTest, AnUnreadableLimitDecidesNothing) {
  start();
  EXPECT_FALSE(look(0));
  own("memory.max", "lots\n");
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(250));
  EXPECT_FALSE(watch_->take().over);
  fixture_.limit(kOwn, "1000");
  EXPECT_TRUE(look(300)) << "read again at each sample";
  EXPECT_TRUE(watch_->take().crossed);
}

TEST_F(ThresholdWatchFailureTest, TheOthersAreJudgedNevertheless) {
  fixture_.limit(kParent, "2000");
  fixture_.usage(kParent, 800);
  start();
  EXPECT_FALSE(look(0));
  fixture_.directory.write("parent/memory.current", "nothing\n");
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(250));
  const ThresholdReport report = watch_->take();
  EXPECT_TRUE(report.crossed);
  EXPECT_EQ(report.failure->level, 1u);
}

TEST_F(ThresholdWatchFailureTest, HalfWrittenTextIsToldWhenItLasts) {
  start();
  EXPECT_FALSE(look(0));
  own("memory.current", "8");
  EXPECT_FALSE(look(250));
  EXPECT_FALSE(look(3249));
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  EXPECT_TRUE(look(3250));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  fixture_.usage(kOwn, 100);
  EXPECT_TRUE(look(3500));
  own("memory.current", "");
  EXPECT_FALSE(look(3750)) << "a new one";
}

TEST_F(ThresholdWatchFailureTest, WithoutTheHostsFiguresTheLastOnesServe) {
  start();
  EXPECT_FALSE(look(0));
  fixture_.directory.write("proc/meminfo", "MemTotal: 1\n");
  EXPECT_FALSE(look(29'000)) << "not read yet";
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(31'000));
  EXPECT_TRUE(watch_->take().crossed);
  EXPECT_STREQ(watch_->take().failure->file, "meminfo");
}

TEST_F(ThresholdWatchFailureTest, AHostThatCannotBeReadDecidesNothing) {
  options_.terms.basis = Basis::kHost;
  start(PlaceKind::kHost);
  EXPECT_FALSE(look(0));
  fixture_.directory.write("proc/meminfo", "MemTotal: 0 kB\n");
  EXPECT_TRUE(look(250));
  EXPECT_FALSE(watch_->take().over);
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
}

TEST_F(ThresholdWatchFailureTest, ACgroupThatIsGoneIsRemovedForGood) {
  start();
  fixture_.usage(kOwn, 500);
  EXPECT_FALSE(look(0));
  std::filesystem::remove_all(fixture_.directory.path(kOwn));
  EXPECT_TRUE(look(250));
  const ThresholdReport report = watch_->take();
  EXPECT_TRUE(report.removed);
  EXPECT_FALSE(report.breach);
  EXPECT_EQ(report.reading.usage.current, 500u);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
  std::filesystem::create_directory(fixture_.directory.path(kOwn));
  fixture_.usage(kOwn, 900);
  EXPECT_FALSE(look(500)) << "another one of the same name";
}

TEST_F(ThresholdWatchFailureTest, ABreachJustBeforeTheRemovalIsNotLost) {
  start();
  fixture_.usage(kOwn, 800);
  EXPECT_TRUE(look(0));
  std::filesystem::remove_all(fixture_.directory.path(kParent));
  EXPECT_TRUE(look(250));
  const ThresholdReport report = watch_->take();
  EXPECT_TRUE(report.removed);
  EXPECT_TRUE(report.crossed);
  EXPECT_FALSE(report.over);
  EXPECT_EQ(report.reading.used, 800u);
}

TEST_F(ThresholdWatchFailureTest, CannotStartOnWhatCannotBeRead) {
  own("memory.current", "\n");
  EXPECT_EQ(start_failure().error, kBadContent);
  own("memory.current", "");
  EXPECT_EQ(start_failure().error, kCutContent);
  fixture_.directory.remove("parent/own/memory.current");
  EXPECT_EQ(start_failure().error, ENOENT);
  EXPECT_STREQ(start_failure().file, "memory.current");
  fixture_.usage(kOwn, 100);
  fixture_.directory.write("parent/memory.high", "\xff\xfe\n");
  EXPECT_EQ(start_failure().level, 1u);
  EXPECT_STREQ(start_failure().file, "memory.high");
  fixture_.directory.remove("proc/meminfo");
  EXPECT_STREQ(start_failure().file, "meminfo");
  EXPECT_STREQ(start_failure(PlaceKind::kHost).file, "meminfo");
}

TEST_F(ThresholdWatchFailureTest, CannotStartWithoutDescriptors) {
  const test::FaultOrder order(&test::faults.open, 100, EMFILE);
  EXPECT_EQ(start_failure().error, EMFILE);
}

// The files of a cgroup above are opened when it gets its limit.
TEST_F(ThresholdWatchFailureTest, DescriptorsThatRunOutLaterAreTold) {
  fixture_.usage(kParent, 1900);
  start();
  EXPECT_FALSE(look(0));
  fixture_.limit(kParent, "2000");
  {
    const test::FaultOrder order(&test::faults.open, 100, EMFILE);
    EXPECT_TRUE(look(1000));
    EXPECT_EQ(watch_->take().failure->error, EMFILE);
  }
  EXPECT_TRUE(look(1250));
  EXPECT_TRUE(watch_->take().crossed);
}

TEST_F(ThresholdWatchFailureTest, ReactorFailureIsReported) {
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 1);
  EXPECT_EQ(watch_->take().failure->error, EBADF);
}

}  // namespace
}  // namespace spillway
