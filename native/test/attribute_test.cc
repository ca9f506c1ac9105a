#include "attribute.h"

#include <gtest/gtest.h>
#include <linux/limits.h>
#include <sys/stat.h>

#include <string>

#include "faults.h"
#include "fixture_directory.h"
#include "real_cgroup.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;

constexpr const char* kName = "user.spillway.test";

int read_error(const std::string& path, const std::string& name = kName) {
  const auto read = read_attribute(path, name);
  const Failure* failure = failure_of(read);
  return failure == nullptr ? 0 : failure->error;
}

// "(none)" where it is not set, "(failed)" where it cannot be known.
std::string read(const std::string& path) {
  const auto read = read_attribute(path, kName);
  if (failure_of(read) != nullptr) return "(failed)";
  return std::get<0>(read).value_or("(none)");
}

class Attribute : public testing::Test {
 protected:
  // On a file system that keeps user.* attributes, or the test is skipped.
  void SetUp() override {
    const auto failure = write_attribute(directory_.path(), kName, "");
    if (!failure.has_value()) return;
    ASSERT_EQ(failure->error, EOPNOTSUPP);
    GTEST_SKIP() << "no extended attributes at " << directory_.path();
  }

  std::optional<Failure> write(const std::string& value) {
    return write_attribute(directory_.path(), kName, value);
  }

  test::FixtureDirectory directory_;
};

TEST_F(Attribute, HoldsWhatWasWrittenLast) {
  EXPECT_EQ(read(directory_.path()), "") << "empty is not missing";
  for (const std::string value :
       {"one", "another, longer", "1", "\xff\xfe", "p\xc3\xbcnkt"}) {
    EXPECT_EQ(write(value), std::nullopt);
    EXPECT_EQ(read(directory_.path()), value);
  }
  const std::string with_nul("a\0b\n", 4);
  EXPECT_EQ(write(with_nul), std::nullopt);
  EXPECT_EQ(read(directory_.path()), with_nul);
}

TEST_F(Attribute, ThatIsNotSetIsNothing) {
  directory_.write("file", "");
  EXPECT_EQ(read(directory_.path("file")), "(none)");
}

TEST_F(Attribute, BelongsToWhatALinkLeadsTo) {
  std::filesystem::create_symlink(".", directory_.path("link"));
  EXPECT_EQ(write_attribute(directory_.path("link"), kName, "1"), std::nullopt);
  EXPECT_EQ(read(directory_.path()), "1");
}

TEST_F(Attribute, LargeValueComesBackWhole) {
  // ext4 keeps them within one block, 64 KiB is the kernel's own limit.
  size_t size = XATTR_SIZE_MAX;
  while (write(std::string(size, 'x')).has_value()) size /= 2;
  EXPECT_GE(size, 1024U);
  EXPECT_EQ(read(directory_.path()), std::string(size, 'x'));
}

TEST_F(Attribute, TooLargeValueFailsAndChangesNothing) {
  ASSERT_EQ(write("kept"), std::nullopt);
  const auto failure = write(std::string(XATTR_SIZE_MAX + 1, 'x'));
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, E2BIG);
  EXPECT_STREQ(failure->call, "setxattr");
  EXPECT_EQ(read(directory_.path()), "kept");
}

TEST_F(Attribute, NameTheKernelRefusesFails) {
  const std::string long_name = "user." + std::string(XATTR_NAME_MAX, 'x');
  EXPECT_EQ(read_error(directory_.path(), long_name), ERANGE);
  EXPECT_EQ(write_attribute(directory_.path(), "", "1")->error, ERANGE);
  EXPECT_EQ(write_attribute(directory_.path(), "nonsense", "1")->error,
            EOPNOTSUPP);
}

TEST(AttributeFailure, MissingPathFails) {
  const test::FixtureDirectory directory;
  EXPECT_EQ(read_error(directory.path("missing")), ENOENT);
  EXPECT_EQ(read_error(""), ENOENT);
  EXPECT_EQ(write_attribute(directory.path("missing"), kName, "1")->error,
            ENOENT);
}

// procfs has no user.* attributes.
TEST(AttributeFailure, FileSystemWithoutThemHasNothingToRead) {
  EXPECT_EQ(read("/proc/self/stat"), "(none)");
  const auto failure = write_attribute("/proc/self/stat", kName, "1");
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, EOPNOTSUPP);
}

TEST(AttributeFailure, OnlyTwoErrorsMeanNothing) {
  const test::FixtureDirectory directory;
  for (const int error : {ENODATA, ENOTSUP, EOPNOTSUPP}) {
    const FaultOrder order(&faults.getxattr, 1, error);
    EXPECT_EQ(read(directory.path()), "(none)") << error;
    EXPECT_TRUE(order.used_up());
  }
  for (const int error : {EACCES, EIO, E2BIG, ERANGE, ENOSYS}) {
    const FaultOrder order(&faults.getxattr, 1, error);
    const auto read = read_attribute(directory.path(), kName);
    ASSERT_NE(failure_of(read), nullptr) << error;
    EXPECT_EQ(failure_of(read)->error, error);
    EXPECT_STREQ(failure_of(read)->call, "getxattr");
  }
}

TEST(AttributeFailure, RefusedWriteSaysWhy) {
  const test::FixtureDirectory directory;
  for (const int error : {EPERM, ENOSPC, EROFS, ENODATA, EOPNOTSUPP}) {
    const FaultOrder order(&faults.setxattr, 1, error);
    EXPECT_EQ(write_attribute(directory.path(), kName, "1")->error, error);
  }
}

TEST(AttributeOnCgroup2, StaysWithTheCgroup) {
  const test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  EXPECT_EQ(read(cgroup.path()), "(none)");
  const auto failure = write_attribute(cgroup.path(), kName, "1");
  if (failure.has_value()) {
    ASSERT_EQ(failure->error, EOPNOTSUPP);
    GTEST_SKIP() << "a kernel before 5.7";
  }
  EXPECT_EQ(read(cgroup.path()), "1");
}

}  // namespace
}  // namespace spillway
