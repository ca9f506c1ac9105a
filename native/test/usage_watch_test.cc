#include "usage_watch.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <tuple>
#include <variant>

#include "allocations.h"
#include "fake_registrar.h"
#include "faults.h"
#include "kernel_file.h"
#include "place_fixture.h"

namespace spillway {
namespace {

using test::kOwn;

constexpr int64_t kMs = 1'000'000;

// It is slow above 950 of 1000 bytes.
class UsageWatchTest : public testing::Test {
 protected:
  UsageWatchTest() {
    fixture_.limit(kOwn, "max");
    fixture_.usage(kOwn, 100);
    options_.place = fixture_.place(PlaceKind::kV2);
    options_.scale = {.limit = 1000, .slow_at_fraction = 0.95};
    options_.board = &board_;
  }

  void start() {
    auto opened = UsageWatch::open(options_);
    ASSERT_EQ(failure_of(opened), nullptr);
    watch_ = std::get<std::shared_ptr<UsageWatch>>(opened);
    ASSERT_EQ(watch_->attach(16, &registrar_), std::nullopt);
    begin_ns_ = board_.sampled_ns;
  }

  // Times count from the start.
  bool look(int64_t at_ms) {
    return watch_->look(Cause::kDeadline, begin_ns_ + at_ms * kMs, buffer_);
  }
  int64_t age_of_sample_ms(int64_t at_ms) const {
    return at_ms - (board_.sampled_ns - begin_ns_) / kMs;
  }
  void own(const char* name, const char* text) {
    fixture_.directory.write(std::string(kOwn) + "/" + name, text);
  }

  test::PlaceFixture fixture_;
  test::FakeRegistrar registrar_;
  UsageBoard::Layout board_{};
  UsageWatchOptions options_;
  std::shared_ptr<UsageWatch> watch_;
  int64_t begin_ns_ = 0;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(UsageWatchTest, TheFirstSampleIsThereBeforeAnythingIsReported) {
  fixture_.usage(kOwn, 951);
  start();
  EXPECT_EQ(board_.used, 951);
  EXPECT_EQ(board_.is_slow, 1);
  EXPECT_GT(board_.sampled_ns, 0);
  EXPECT_GT(watch_->deadline_ns(), begin_ns_);
}

TEST_F(UsageWatchTest, EachSampleIsPublishedAndNobodyIsWoken) {
  start();
  int64_t at_ms = 0;
  for (const auto& [used, is_slow] :
       {std::pair{100, 0}, std::pair{950, 0}, std::pair{951, 1},
        std::pair{5000, 1}, std::pair{0, 0}}) {
    fixture_.usage(kOwn, static_cast<uint64_t>(used));
    EXPECT_FALSE(look(at_ms += 250));
    EXPECT_EQ(board_.used, used);
    EXPECT_EQ(board_.is_slow, is_slow) << used;
    EXPECT_EQ(age_of_sample_ms(at_ms), 0);
  }
}

TEST_F(UsageWatchTest, TheCgroupsOwnMarkIsFollowed) {
  options_.scale.limit = std::nullopt;
  fixture_.usage(kOwn, 960);
  start();
  EXPECT_EQ(board_.is_slow, 0);
  EXPECT_EQ(board_.limit, static_cast<int64_t>(kSaturated)) << "it has none";
  int64_t at_ms = 0;
  for (const auto& [name, text, limit, is_slow] :
       {std::tuple{"memory.high", "1000\n", 1000, 1},
        std::tuple{"memory.high", "2000\n", 2000, 0},
        std::tuple{"memory.max", "1010\n", 1010, 1},
        std::tuple{"memory.max", "1011\n", 1011, 0}}) {
    own(name, text);
    EXPECT_FALSE(look(at_ms += 250));
    EXPECT_EQ(board_.limit, limit);
    EXPECT_EQ(board_.is_slow, is_slow) << limit;
  }
}

TEST_F(UsageWatchTest, WithoutAMarkItIsNeverFullAndSampledAtItsInterval) {
  options_.scale = {.limit = std::nullopt, .slow_at_fraction = 0};
  options_.interval_ns = 400 * kMs;
  start();
  EXPECT_GT(watch_->deadline_ns(), begin_ns_);
  EXPECT_LE(watch_->deadline_ns(), begin_ns_ + 400 * kMs);
}

TEST_F(UsageWatchTest, ALimitOfZeroIsPassedByAnything) {
  options_.scale.limit = 0;
  fixture_.usage(kOwn, 1);
  start();
  EXPECT_EQ(board_.is_slow, 1);
  fixture_.usage(kOwn, 0);
  look(250);
  EXPECT_EQ(board_.is_slow, 0);
}

// As long as the way at 4 GiB a second, but at most the interval.
TEST_F(UsageWatchTest, TheNearerTheSooner) {
  constexpr double kGiB = 1 << 30;
  options_.interval_ns = 400 * kMs;
  options_.scale = {.limit = uint64_t{4} << 30, .slow_at_fraction = 0.75};
  start();
  int64_t at_ms = 0;
  for (const auto& [used, at_most_ms] :
       {std::pair{0.0, 400}, std::pair{2 * kGiB, 200},
        std::pair{2.5 * kGiB, 100}, std::pair{2.99 * kGiB, 13},
        std::pair{3.2 * kGiB, 200}, std::pair{4.0 * kGiB, 13},
        std::pair{9.0 * kGiB, 13}}) {
    fixture_.usage(kOwn, static_cast<uint64_t>(used));
    look(at_ms += 1000);
    const int64_t wait_ns = watch_->deadline_ns() - begin_ns_ - at_ms * kMs;
    EXPECT_GT(wait_ns, 0);
    EXPECT_LE(wait_ns, at_most_ms * kMs) << used;
  }
}

TEST_F(UsageWatchTest, IsNeverSampledLessOftenThanAsked) {
  options_.interval_ns = 10 * kMs;
  start();
  look(0);
  EXPECT_LE(watch_->deadline_ns(), begin_ns_ + 10 * kMs);
}

TEST_F(UsageWatchTest, AFailedSampleIsNoneAndToldOnce) {
  start();
  own("memory.current", "much\n");
  EXPECT_TRUE(look(500));
  EXPECT_EQ(watch_->take().failure->error, kBadContent);
  EXPECT_STREQ(watch_->take().failure->file, "memory.current");
  EXPECT_FALSE(look(750));
  EXPECT_EQ(age_of_sample_ms(750), 750) << "the last good one stands";
  fixture_.directory.remove("parent/own/memory.current");
  EXPECT_TRUE(look(1000)) << "another failure";
  fixture_.usage(kOwn, 200);
  EXPECT_TRUE(look(1250)) << "and the end of it";
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  EXPECT_EQ(board_.used, 200);
  EXPECT_EQ(age_of_sample_ms(1250), 0);
}

TEST_F(UsageWatchTest, AHalfWrittenFileIsLookedAtAgain) {
  start();
  own("memory.current", "9");
  EXPECT_FALSE(look(250));
  EXPECT_EQ(watch_->take().failure, std::nullopt);
  EXPECT_EQ(age_of_sample_ms(250), 250);
  EXPECT_LE(watch_->deadline_ns(), begin_ns_ + 500 * kMs);
}

TEST_F(UsageWatchTest, ACgroupThatIsGoneIsNotSampledAgain) {
  start();
  std::filesystem::remove_all(fixture_.directory.path(kOwn));
  EXPECT_TRUE(look(250));
  EXPECT_EQ(watch_->take().failure->error, ENODEV);
  EXPECT_EQ(watch_->deadline_ns(), kNoDeadline);
}

TEST_F(UsageWatchTest, CannotStartOnWhatCannotBeRead) {
  own("memory.current", "\n");
  EXPECT_EQ(failure_of(UsageWatch::open(options_))->error, kBadContent);
  std::filesystem::remove_all(fixture_.directory.path(kOwn));
  EXPECT_EQ(failure_of(UsageWatch::open(options_))->error, ENODEV);
  const test::FaultOrder order(&test::faults.open, 100, EMFILE);
  EXPECT_EQ(failure_of(UsageWatch::open(options_))->error, EMFILE);
  EXPECT_EQ(board_.sampled_ns, 0);
}

TEST_F(UsageWatchTest, ReactorFailureIsReported) {
  start();
  watch_->fail(Failure{EBADF, "epoll_wait"}, 1);
  EXPECT_EQ(watch_->take().failure->error, EBADF);
}

// Scenario 25 of Saluki's. Ordinary files are opened anew by their names: those
// of a fixture would not do.
TEST_F(UsageWatchTest, ASampleAllocatesNothing) {
  options_.place.reset();
  options_.scale.limit = uint64_t{1} << 40;
  start();
  const size_t before = test::allocations();
  for (int64_t at_ms = 1000; at_ms < 1'000'000; at_ms += 1000) look(at_ms);
  EXPECT_EQ(test::allocations(), before);
  EXPECT_EQ(age_of_sample_ms(999'000), 0);
}

}  // namespace
}  // namespace spillway
