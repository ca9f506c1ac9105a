#include "memory_place.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <variant>

#include "place_fixture.h"

namespace spillway {
namespace {

using test::kHostTotal;
using test::kOwn;
using test::kParent;

class MemoryPlaceTest : public testing::Test {
 protected:
  PlaceSample sample(PlaceKind kind) {
    const Result<PlaceSample> read = read_place(fixture_.place(kind));
    EXPECT_EQ(failure_of(read), nullptr);
    return failure_of(read) == nullptr ? std::get<PlaceSample>(read)
                                       : PlaceSample{};
  }

  Failure failure(PlaceKind kind) {
    const Result<PlaceSample> read = read_place(fixture_.place(kind));
    EXPECT_NE(failure_of(read), nullptr);
    return failure_of(read) == nullptr ? Failure{} : *failure_of(read);
  }

  test::PlaceFixture fixture_;
};

TEST_F(MemoryPlaceTest, TheHostIsItsMemory) {
  const PlaceSample host = sample(PlaceKind::kHost);
  EXPECT_EQ(host.total, kHostTotal);
  EXPECT_EQ(host.total_level, std::nullopt);
  EXPECT_EQ(host.host.available, 9'000u * 1024);
  EXPECT_EQ(host.usage.current, std::nullopt);
}

TEST_F(MemoryPlaceTest, OfACgroupEverythingIsRead) {
  fixture_.usage(kOwn, 1000, 300);
  fixture_.limit(kOwn, "5000", "4000");
  fixture_.limit(kParent, "max");
  const PlaceSample own = sample(PlaceKind::kV2);
  EXPECT_EQ(own.usage.current, 1000u);
  EXPECT_EQ(own.usage.anon, 700u);
  EXPECT_EQ(own.pinned, 700u);
  EXPECT_EQ(own.limits.max, 5000u);
  EXPECT_EQ(own.total, 4000u) << "memory.high is the lower";
  EXPECT_EQ(own.total_level, 0u);
}

// Ray 3.5: "cgroup preferred when lower".
TEST_F(MemoryPlaceTest, TheLowestLimitIsTheTotal) {
  fixture_.usage(kOwn, 1000);
  fixture_.limit(kOwn, "5000");
  fixture_.limit(kParent, "max", "3000");
  EXPECT_EQ(sample(PlaceKind::kV2).total, 3000u);
  EXPECT_EQ(sample(PlaceKind::kV2).total_level, 1u);
  fixture_.limit(kOwn, "max");
  fixture_.limit(kParent, "99999999999");
  EXPECT_EQ(sample(PlaceKind::kV2).total, kHostTotal);
  EXPECT_EQ(sample(PlaceKind::kV2).total_level, std::nullopt);
  EXPECT_EQ(sample(PlaceKind::kV2).usage.current, 1000u) << "Ray #59796";
}

TEST_F(MemoryPlaceTest, V1IsReadByItsOwnNames) {
  fixture_.usage_v1(kOwn, 1000, 300);
  fixture_.limit_v1(kOwn, test::kUnlimitedV1);
  fixture_.limit_v1(kParent, "4096");
  const PlaceSample own = sample(PlaceKind::kV1);
  EXPECT_EQ(own.usage.current, 1000u);
  EXPECT_EQ(own.pinned, 700u);
  EXPECT_EQ(own.limits.max, kUnlimited);
  EXPECT_EQ(own.total, 4096u);
  EXPECT_EQ(own.total_level, 1u);
}

// memsw counts the memory, too (Ray 3.5, "Swap, v1").
TEST_F(MemoryPlaceTest, SwapOfV1IsWhatIsCountedAbove) {
  fixture_.usage_v1(kOwn, 1000);
  fixture_.limit_v1(kOwn, "4000");
  fixture_.limit_v1(kParent, "4000");
  EXPECT_EQ(sample(PlaceKind::kV1).usage.swap, std::nullopt) << "no such file";
  const std::string own = kOwn;
  fixture_.directory.write(own + "/memory.memsw.usage_in_bytes", "1200\n");
  fixture_.directory.write(own + "/memory.memsw.limit_in_bytes", "6000\n");
  EXPECT_EQ(sample(PlaceKind::kV1).usage.swap, 200u);
  EXPECT_EQ(sample(PlaceKind::kV1).limits.swap_max, 2000u);
  EXPECT_EQ(sample(PlaceKind::kV1).pinned, 1200u);
  fixture_.directory.write(own + "/memory.memsw.limit_in_bytes",
                           std::string(test::kUnlimitedV1) + "\n");
  EXPECT_EQ(sample(PlaceKind::kV1).limits.swap_max, kUnlimited);
  fixture_.directory.write(own + "/memory.memsw.usage_in_bytes", "999\n");
  EXPECT_EQ(sample(PlaceKind::kV1).usage.swap, 0u) << "read one by one";
}

TEST_F(MemoryPlaceTest, WhatCannotBeReadIsAFailureWithItsFile) {
  fixture_.limit(kOwn, "max");
  EXPECT_EQ(failure(PlaceKind::kV2).error, ENOENT);
  EXPECT_STREQ(failure(PlaceKind::kV2).file, "memory.current");
  fixture_.usage(kOwn, 1000);
  fixture_.limit(kParent, "a lot");
  EXPECT_EQ(failure(PlaceKind::kV2).error, kBadContent);
  EXPECT_STREQ(failure(PlaceKind::kV2).file, "memory.max");
  EXPECT_EQ(failure(PlaceKind::kV2).level, 1u);
  fixture_.limit(kParent, "max");
  fixture_.directory.write("parent/own/memory.current", "max\n");
  EXPECT_EQ(failure(PlaceKind::kV2).error, kBadContent) << "no amount";
  fixture_.usage(kOwn, 1000);
  fixture_.directory.remove("parent/own/memory.stat");
  EXPECT_STREQ(failure(PlaceKind::kV2).file, "memory.stat");
  fixture_.directory.remove("proc/meminfo");
  EXPECT_STREQ(failure(PlaceKind::kV2).file, "meminfo");
}

TEST_F(MemoryPlaceTest, ThisMachineHasMemory) {
  const Result<PlaceSample> read = read_place(MemoryPlace{});
  ASSERT_EQ(failure_of(read), nullptr);
  const auto& host = std::get<PlaceSample>(read);
  EXPECT_GT(host.total, uint64_t{1} << 24);
  EXPECT_LE(host.host.available, host.total);
}

}  // namespace
}  // namespace spillway
