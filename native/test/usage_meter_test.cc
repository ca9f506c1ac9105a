#include "usage_meter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <variant>

#include "faults.h"
#include "flat_keyed.h"
#include "kernel_file.h"
#include "place_fixture.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::kOwn;

using Meter = std::unique_ptr<UsageMeter>;

constexpr UsageScale kScale{.limit = 1000, .slow_at_fraction = 0.95};

class UsageMeterTest : public testing::Test {
 protected:
  UsageMeterTest() {
    fixture_.limit(kOwn, "max");
    fixture_.usage(kOwn, 100);
  }

  // All of the limit is room.
  Meter cgroup(std::optional<uint64_t> limit, PlaceKind kind = PlaceKind::kV2) {
    auto opened = open_cgroup_meter(fixture_.place(kind),
                                    {.limit = limit, .slow_at_fraction = 1});
    EXPECT_EQ(failure_of(opened), nullptr);
    return std::get<Meter>(std::move(opened));
  }
  Meter process(const char* statm) {
    fixture_.directory.write("proc/statm", statm);
    auto opened = open_process_meter(kScale, fixture_.directory.path("proc"));
    EXPECT_EQ(failure_of(opened), nullptr);
    return std::get<Meter>(std::move(opened));
  }
  uint64_t used(const Meter& meter) {
    UsageReading reading;
    EXPECT_EQ(meter->read(buffer_, &reading), std::nullopt);
    return reading.used;
  }
  // 0: it can be read.
  int error(const Meter& meter) {
    UsageReading reading{.used = 7};
    const auto failure = meter->read(buffer_, &reading);
    EXPECT_EQ(reading.used == 7, failure.has_value());
    return failure.has_value() ? failure->error : 0;
  }
  void own(const char* name, const char* text) {
    fixture_.directory.write(std::string(kOwn) + "/" + name, text);
  }

  test::PlaceFixture fixture_;
  std::array<char, kFileBufferBytes> buffer_;
};

// Saluki 22: a basic query returns a value.
TEST_F(UsageMeterTest, ThisProcessByOneHeldDescriptor) {
  const size_t fds = test::open_fds();
  auto opened = open_process_meter(kScale);
  ASSERT_EQ(failure_of(opened), nullptr);
  EXPECT_EQ(test::open_fds(), fds + 1);
  const auto& meter = std::get<Meter>(opened);
  EXPECT_GT(used(meter), uint64_t{1} << 16);
  // No descriptor is needed to read on.
  const test::FaultOrder order(&test::faults.open, 100, EMFILE);
  EXPECT_GT(used(meter), uint64_t{1} << 16);
}

TEST_F(UsageMeterTest, TheResidentSetIsPages) {
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(used(process("765 442 414 5 0 123 0\n")), 442 * page);
  EXPECT_EQ(used(process("765 18446744073709551615 0\n")), kSaturated);
}

// Saluki 23: what is no such line.
TEST_F(UsageMeterTest, AProcessThatCannotBeReadHasNoFigure) {
  const Meter meter = process("765 442 414 5 0 123 0\n");
  for (const char* text : {"\n", "0 0 0 0 0 0 0\n", "765\n", "1 -1 2\n",
                           "one two three\n", " 5 6 7\n"}) {
    fixture_.directory.write("proc/statm", text);
    EXPECT_EQ(error(meter), kBadContent) << text;
  }
  for (const char* text : {"", "765 44"}) {
    fixture_.directory.write("proc/statm", text);
    EXPECT_EQ(error(meter), kCutContent) << text;
  }
  fixture_.directory.remove("proc/statm");
  EXPECT_EQ(error(meter), ENOENT);
}

TEST_F(UsageMeterTest, ACgroupWithRoomIsAllThatIsChargedToIt) {
  fixture_.usage(kOwn, 1000, 600);
  own("memory.swap.current", "50\n");
  own("memory.stat", "nothing to read\n");
  EXPECT_EQ(used(cgroup(1050)), 1050U);
}

TEST_F(UsageMeterTest, NearItIsWhatReclaimCannotGiveBack) {
  fixture_.usage(kOwn, 1000, 600);
  EXPECT_EQ(used(cgroup(999)), 400U) << "page cache does not count";
  own("memory.swap.current", "50\n");
  EXPECT_EQ(used(cgroup(999)), 400U) << "swap is not allowed";
  own("memory.swap.max", "max\n");
  EXPECT_EQ(used(cgroup(999)), 450U);
}

TEST_F(UsageMeterTest, ItsOwnMarkIsTheLowerOfItsLimits) {
  const Meter meter = cgroup(std::nullopt);
  fixture_.usage(kOwn, 1000, 600);
  EXPECT_EQ(used(meter), 1000U) << "there is none";
  own("memory.high", "1000\n");
  EXPECT_EQ(used(meter), 1000U) << "all of it is room";
  own("memory.max", "999\n");
  EXPECT_EQ(used(meter), 400U);
  own("memory.swap.current", "50\n");
  own("memory.swap.max", "max\n");
  EXPECT_EQ(used(meter), 450U);
  own("memory.high", "lots\n");
  EXPECT_EQ(error(meter), kBadContent);
}

TEST_F(UsageMeterTest, OfV1TheSame) {
  fixture_.usage_v1(kOwn, 1000, 600);
  fixture_.limit_v1(kOwn, test::kUnlimitedV1);
  EXPECT_EQ(used(cgroup(1000, PlaceKind::kV1)), 1000U);
  EXPECT_EQ(used(cgroup(999, PlaceKind::kV1)), 400U);
}

TEST_F(UsageMeterTest, ACgroupThatCannotBeReadHasNoFigure) {
  const Meter meter = cgroup(99);
  EXPECT_EQ(used(meter), 100U);
  for (const auto& [name, text] :
       {std::pair{"memory.current", "max\n"}, std::pair{"memory.current", "\n"},
        std::pair{"memory.stat", "anon 100\n"},
        std::pair{"memory.swap.max", "lots\n"},
        std::pair{"memory.swap.current", "max\n"}}) {
    own(name, text);
    EXPECT_EQ(error(meter), kBadContent) << name << text;
    if (std::string(name).find("swap") != std::string::npos) own(name, "0\n");
    fixture_.usage(kOwn, 100);
    EXPECT_EQ(error(meter), 0) << name;
  }
  std::filesystem::remove_all(fixture_.directory.path(kOwn));
  EXPECT_EQ(error(meter), ENODEV);
}

TEST_F(UsageMeterTest, CannotStartWithoutDescriptors) {
  const test::FaultOrder order(&test::faults.open, 100, EMFILE);
  EXPECT_EQ(failure_of(open_process_meter(kScale))->error, EMFILE);
  EXPECT_EQ(
      failure_of(open_cgroup_meter(fixture_.place(PlaceKind::kV2), kScale))
          ->error,
      EMFILE);
}

}  // namespace
}  // namespace spillway
