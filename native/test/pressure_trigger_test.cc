#include "pressure_trigger.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "faults.h"
#include "fixture_directory.h"
#include "unique_fd.h"

namespace spillway {
namespace {

std::vector<std::string> ladder_of(const PressureTrigger& wanted) {
  std::vector<std::string> texts;
  for (const PressureTrigger& trigger : trigger_ladder(wanted)) {
    texts.push_back(trigger_text(trigger));
  }
  return texts;
}

// Ray's pressure monitor, 5: the text is written exactly.
TEST(PressureTrigger, TextIsTheKernels) {
  EXPECT_EQ(trigger_text({Stall::kSome, 1'000'000, 2'000'000}),
            "some 1000000 2000000");
  EXPECT_EQ(trigger_text({Stall::kFull, 150'000, 1'000'000}),
            "full 150000 1000000");
}

TEST(PressureTrigger, LadderKeepsTheShare) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(ladder_of({Stall::kFull, 150'000, 1'000'000}),
            (Texts{"full 150000 1000000", "full 300000 2000000"}));
  EXPECT_EQ(
      ladder_of({Stall::kSome, 10'000, 100'000}),
      (Texts{"some 10000 100000", "some 50000 500000", "some 200000 2000000"}));
  EXPECT_EQ(ladder_of({Stall::kSome, 500'000, 500'000}),
            (Texts{"some 500000 500000", "some 2000000 2000000"}));
  EXPECT_EQ(ladder_of({Stall::kSome, 900'000, 9'000'000}),
            (Texts{"some 900000 9000000", "some 1000000 10000000"}));
}

TEST(PressureTrigger, MultiplesOfTwoSecondsNeedNoLadder) {
  for (const uint64_t seconds : {2, 4, 6, 8, 10}) {
    EXPECT_EQ(trigger_ladder({Stall::kSome, 1, seconds * 1'000'000}).size(),
              1u);
  }
}

TEST(PressureTrigger, StretchedStallsStayWithinTheirWindow) {
  for (uint64_t window = 50'000; window <= 10'000'000; window += 49'999) {
    for (const uint64_t stall : {uint64_t{1}, window / 3, window}) {
      for (const PressureTrigger& trigger :
           trigger_ladder({Stall::kFull, stall, window})) {
        EXPECT_GE(trigger.stall_us, 1u);
        EXPECT_LE(trigger.stall_us, trigger.window_us);
        EXPECT_GE(trigger.window_us, window);
        EXPECT_LE(trigger.window_us, 10'000'000u);
      }
    }
  }
}

class SetTriggerTest : public testing::Test {
 protected:
  SetTriggerTest() {
    directory_.write("memory.pressure", "");
    fd_ = UniqueFd(
        open(directory_.path("memory.pressure").c_str(), O_RDWR | O_CLOEXEC));
  }

  std::string written() const {
    std::ifstream file(directory_.path("memory.pressure"), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const PressureTrigger wanted_{Stall::kFull, 10'000, 100'000};
  test::FixtureDirectory directory_;
  UniqueFd fd_;
};

// psi_write() puts a NUL over the last byte that it is given: without one of
// our own a window of 2 s became one of 0.2 s.
TEST_F(SetTriggerTest, IsWrittenWithItsNul) {
  const auto granted =
      set_trigger(fd_.get(), {Stall::kSome, 1'000'000, 2'000'000});
  ASSERT_EQ(failure_of(granted), nullptr);
  EXPECT_EQ(written(), std::string("some 1000000 2000000\0", 21));
}

TEST_F(SetTriggerTest, RefusedWindowsAreFollowedByTheNext) {
  for (const auto& [refusals, window] :
       {std::pair{0, 100'000u}, std::pair{1, 500'000u},
        std::pair{2, 2'000'000u}}) {
    const test::FaultOrder order(&test::faults.write, refusals, EINVAL);
    const auto granted = set_trigger(fd_.get(), wanted_);
    ASSERT_EQ(failure_of(granted), nullptr);
    const auto& trigger = std::get<PressureTrigger>(granted);
    EXPECT_EQ(trigger.window_us, window);
    EXPECT_EQ(trigger.stall_us, window / 10);
  }
}

TEST_F(SetTriggerTest, AllRefusedIsAFailure) {
  const test::FaultOrder order(&test::faults.write, 3, EINVAL);
  const auto granted = set_trigger(fd_.get(), wanted_);
  ASSERT_NE(failure_of(granted), nullptr);
  EXPECT_EQ(failure_of(granted)->error, EINVAL);
  EXPECT_STREQ(failure_of(granted)->call, "write");
}

TEST_F(SetTriggerTest, OtherErrorsAreNotTriedAgain) {
  for (const int error : {EBUSY, EOPNOTSUPP, EPERM, ENODEV, ENOMEM}) {
    const test::FaultOrder order(&test::faults.write, 1, error);
    const auto granted = set_trigger(fd_.get(), wanted_);
    ASSERT_NE(failure_of(granted), nullptr) << error;
    EXPECT_EQ(failure_of(granted)->error, error);
  }
  EXPECT_EQ(written(), "");
}

TEST_F(SetTriggerTest, AnInterruptedWriteIsTriedAgain) {
  const test::FaultOrder order(&test::faults.write, 3, EINTR);
  EXPECT_EQ(failure_of(set_trigger(fd_.get(), wanted_)), nullptr);
}

TEST_F(SetTriggerTest, AShortWriteIsAFailure) {
  test::faults.write_piece = 5;
  const auto granted = set_trigger(fd_.get(), wanted_);
  test::faults.write_piece = 0;
  ASSERT_NE(failure_of(granted), nullptr);
  EXPECT_EQ(failure_of(granted)->error, EIO);
}

// The host's own file: what it takes depends on the kernel and the rights.
TEST(PressureTriggerOnThisHost, SomeWindowIsGrantedAndASecondTriggerIsBusy) {
  const UniqueFd fd(open("/proc/pressure/memory", O_RDWR | O_CLOEXEC));
  if (!fd.valid()) GTEST_SKIP() << "no PSI, or it may not be written";
  const PressureTrigger wanted{Stall::kFull, 150'000, 1'000'000};
  const auto granted = set_trigger(fd.get(), wanted);
  if (const Failure* failure = failure_of(granted)) {
    GTEST_SKIP() << "no trigger is taken: errno " << failure->error;
  }
  const auto& trigger = std::get<PressureTrigger>(granted);
  EXPECT_TRUE(trigger.window_us == 1'000'000 || trigger.window_us == 2'000'000)
      << trigger.window_us;
  EXPECT_EQ(trigger.stall_us * 20, trigger.window_us * 3);
  const auto second = set_trigger(fd.get(), wanted);
  ASSERT_NE(failure_of(second), nullptr);
  EXPECT_EQ(failure_of(second)->error, EBUSY);
}

}  // namespace
}  // namespace spillway
