#include "held_file.h"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <string>

#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"

namespace spillway {
namespace {

class HeldFileTest : public testing::Test {
 protected:
  static HeldFile open(const std::string& directory, const char* name) {
    auto opened = HeldFile::open(directory, name);
    EXPECT_EQ(failure_of(opened), nullptr);
    return std::get<HeldFile>(std::move(opened));
  }

  std::optional<Failure> read(const HeldFile& file) {
    return file.read(buffer_, [this](std::string_view text) {
      return parse_value(text, &value_);
    });
  }

  int error(const HeldFile& file) {
    const auto failure = read(file);
    return failure.has_value() ? failure->error : 0;
  }

  test::FixtureDirectory directory_;
  std::array<char, kFileBufferBytes> buffer_;
  uint64_t value_ = 0;
};

TEST_F(HeldFileTest, AnOrdinaryFileIsReadAnewByName) {
  directory_.write("file", "7\n");
  const HeldFile file = open(directory_.path(), "file");
  EXPECT_EQ(error(file), 0);
  EXPECT_EQ(value_, 7u);
  directory_.replace("file", "8\n");
  EXPECT_EQ(error(file), 0);
  EXPECT_EQ(value_, 8u);
}

TEST_F(HeldFileTest, AMissingFileIsSaidToBeSoAndMayCome) {
  const HeldFile file = open(directory_.path(), "file");
  const auto failure = read(file);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->error, ENOENT);
  EXPECT_STREQ(failure->file, "file");
  directory_.write("file", "7\n");
  EXPECT_EQ(error(file), 0);
}

TEST_F(HeldFileTest, AMissingDirectoryIsARemoval) {
  directory_.write("file", "7\n");
  const HeldFile file = open(directory_.path(), "file");
  std::filesystem::remove_all(directory_.path());
  EXPECT_EQ(error(file), ENODEV);
}

TEST_F(HeldFileTest, BadContentIsToldFromHalfOfIt) {
  directory_.write("file", "seven\n");
  const HeldFile file = open(directory_.path(), "file");
  EXPECT_EQ(error(file), kBadContent);
  directory_.write("file", "7");
  EXPECT_EQ(error(file), kCutContent);
  directory_.write("file", "");
  EXPECT_EQ(error(file), kCutContent);
  directory_.write("file", std::string(kFileBufferBytes + 1, '7'));
  EXPECT_EQ(error(file), kBadContent) << "huge";
  directory_.write("file", std::string("\0\xff\n", 3));
  EXPECT_EQ(error(file), kBadContent) << "binary";
}

TEST_F(HeldFileTest, AFileOfTheKernelIsHeld) {
  const HeldFile file = open("/proc/sys/kernel", "pid_max");
  const test::FaultOrder order(&test::faults.open, 1, EMFILE);
  EXPECT_EQ(error(file), 0);
  EXPECT_GT(value_, 0u);
  EXPECT_FALSE(order.used_up()) << "opens nothing";
}

TEST_F(HeldFileTest, AFileThatTheKernelDoesNotHaveStaysMissing) {
  const HeldFile file = open("/proc/sys/kernel", "no_such_file");
  const test::FaultOrder order(&test::faults.open, 1, EMFILE);
  EXPECT_EQ(error(file), ENOENT);
  EXPECT_FALSE(order.used_up());
}

TEST_F(HeldFileTest, InterruptedReadsAreRepeatedAndFailuresTold) {
  const HeldFile file = open("/proc/sys/kernel", "pid_max");
  {
    const test::FaultOrder order(&test::faults.pread, 3, EINTR);
    EXPECT_EQ(error(file), 0);
  }
  const test::FaultOrder order(&test::faults.pread, 1, EIO);
  EXPECT_EQ(error(file), EIO);
}

TEST_F(HeldFileTest, CannotBeOpenedWithoutDescriptorsOrRights) {
  for (const int wanted : {EMFILE, EACCES}) {
    const test::FaultOrder order(&test::faults.open, 1, wanted);
    const auto opened = HeldFile::open(directory_.path(), "file");
    ASSERT_NE(failure_of(opened), nullptr);
    EXPECT_EQ(failure_of(opened)->error, wanted);
  }
}

}  // namespace
}  // namespace spillway
