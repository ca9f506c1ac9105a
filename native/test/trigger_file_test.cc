#include "trigger_file.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "child_process.h"
#include "fake_registrar.h"
#include "faults.h"
#include "fixture_directory.h"
#include "kernel_file.h"
#include "real_cgroup.h"

namespace spillway {
namespace {

using test::FakeRegistrar;
using test::FixtureDirectory;

constexpr char kName[] = "memory.events";

class TriggerFileTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_.write(kName, "one\n");
    Result<TriggerFile> opened = TriggerFile::open(directory_.path(), kName);
    ASSERT_EQ(failure_of(opened), nullptr);
    file_.emplace(std::move(std::get<TriggerFile>(opened)));
    ASSERT_EQ(file_->attach(16, &registrar_), std::nullopt);
  }

  // The content, or the error as "errno N".
  std::string read() {
    const Result<std::string_view> text = file_->read(buffer_);
    if (const Failure* failure = failure_of(text)) {
      EXPECT_STREQ(failure->file, kName);
      return "errno " + std::to_string(failure->error);
    }
    return std::string(std::get<std::string_view>(text));
  }

  static std::string error(int number) {
    return "errno " + std::to_string(number);
  }

  FixtureDirectory directory_;
  FakeRegistrar registrar_;
  std::optional<TriggerFile> file_;
  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(TriggerFileTest, OrdinaryFileIsWatchedByPath) {
  EXPECT_FALSE(file_->on_cgroup2());
  EXPECT_EQ(registrar_.paths, std::vector<std::string>{directory_.path(kName)});
  EXPECT_TRUE(registrar_.kernfs_fds.empty());
}

TEST_F(TriggerFileTest, MissingFileCannotBeOpened) {
  const Result<TriggerFile> opened =
      TriggerFile::open(directory_.path(), "memory.nothing");
  ASSERT_NE(failure_of(opened), nullptr);
  EXPECT_EQ(failure_of(opened)->error, ENOENT);
  EXPECT_STREQ(failure_of(opened)->file, "memory.nothing");
}

TEST_F(TriggerFileTest, RefusedWatchNamesTheFile) {
  registrar_.failure = Failure{ENOSPC, "inotify_add_watch"};
  const auto failure = file_->attach(16, &registrar_);
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, ENOSPC);
  EXPECT_STREQ(failure->file, kName);
}

TEST_F(TriggerFileTest, CarelessWriterIsReadInBothStates) {
  EXPECT_EQ(read(), "one\n");
  directory_.write(kName, "");
  EXPECT_EQ(read(), "");
  directory_.write(kName, "two\n");
  EXPECT_EQ(read(), "two\n");
  EXPECT_FALSE(file_->take_replaced());
  EXPECT_EQ(registrar_.paths.size(), 1U);
}

TEST_F(TriggerFileTest, ReplacedFileIsFollowedAndWatched) {
  directory_.replace(kName, "two\n");
  EXPECT_EQ(read(), "two\n");
  EXPECT_EQ(registrar_.paths.size(), 2U);
  EXPECT_TRUE(file_->take_replaced());
  EXPECT_FALSE(file_->take_replaced()) << "asking clears it";
  EXPECT_EQ(read(), "two\n");
  EXPECT_EQ(registrar_.paths.size(), 2U);
}

// A link count of 0 was taken for the only sign: a file that was moved away
// and made anew was read at its old place for ever.
TEST_F(TriggerFileTest, FileMovedAwayAndMadeAnewIsFollowed) {
  directory_.rename(kName, "memory.events.1");
  EXPECT_EQ(read(), error(ENODEV));
  directory_.write(kName, "two\n");
  EXPECT_EQ(read(), "two\n");
  EXPECT_TRUE(file_->take_replaced());
  EXPECT_EQ(registrar_.paths.size(), 2U);
}

TEST_F(TriggerFileTest, DeletedFileIsGoneUntilItIsMadeAnew) {
  directory_.remove(kName);
  EXPECT_EQ(read(), error(ENODEV));
  EXPECT_EQ(read(), error(ENODEV));
  EXPECT_FALSE(file_->take_replaced());
  directory_.write(kName, "two\n");
  EXPECT_EQ(read(), "two\n");
  EXPECT_TRUE(file_->take_replaced());
}

// The new file was kept without a watch, and no later read made up for it.
TEST_F(TriggerFileTest, RefusedWatchOfAReplacedFileIsTriedAgain) {
  directory_.replace(kName, "two\n");
  registrar_.failure = Failure{ENOSPC, "inotify_add_watch"};
  EXPECT_EQ(read(), error(ENOSPC));
  EXPECT_EQ(read(), error(ENOSPC));
  EXPECT_FALSE(file_->take_replaced());
  registrar_.failure.reset();
  EXPECT_EQ(read(), "two\n");
  EXPECT_EQ(registrar_.paths.size(), 4U);
}

TEST_F(TriggerFileTest, ReplacedFileThatMayNotBeReadSaysSo) {
  directory_.replace(kName, "two\n");
  const test::FaultOrder order(&test::faults.open, 1, EACCES);
  EXPECT_EQ(read(), error(EACCES));
  EXPECT_EQ(read(), "two\n");
}

TEST_F(TriggerFileTest, FailedReadNamesTheFile) {
  const test::FaultOrder order(&test::faults.pread, 1, EIO);
  EXPECT_EQ(read(), error(EIO));
  EXPECT_EQ(read(), "one\n");
}

// cgroup.events of the real thing: PRI at a change, once, and ENODEV in the
// end - even when another cgroup of that name has come.
TEST(TriggerFileOnCgroup2, ReportsChangesAndRemoval) {
  const test::ChildProcess child;
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  const std::string path = cgroup.path();
  Result<TriggerFile> opened = TriggerFile::open(path, "cgroup.events");
  ASSERT_EQ(failure_of(opened), nullptr);
  TriggerFile file = std::move(std::get<TriggerFile>(opened));
  ASSERT_TRUE(file.on_cgroup2());
  FakeRegistrar registrar;
  ASSERT_EQ(file.attach(16, &registrar), std::nullopt);
  ASSERT_EQ(registrar.kernfs_fds.size(), 1U);
  EXPECT_TRUE(registrar.paths.empty());

  std::array<char, kFileBufferBytes> buffer;
  pollfd changes{registrar.kernfs_fds[0], POLLPRI, 0};
  EXPECT_EQ(poll(&changes, 1, 0), 1) << "not read yet";
  ASSERT_EQ(failure_of(file.read(buffer)), nullptr);
  EXPECT_EQ(poll(&changes, 1, 0), 0) << "reading re-arms";

  if (!cgroup.write("cgroup.procs", std::to_string(child.pid()))) {
    GTEST_SKIP() << "may not move a process into " << path;
  }
  ASSERT_EQ(poll(&changes, 1, 60'000), 1);
  EXPECT_NE(changes.revents & POLLPRI, 0);
  const Result<std::string_view> text = file.read(buffer);
  ASSERT_EQ(failure_of(text), nullptr);
  EXPECT_TRUE(std::get<std::string_view>(text).starts_with("populated 1\n"));

  child.signal(SIGKILL);
  ASSERT_TRUE(cgroup.remove());
  const Result<std::string_view> gone = file.read(buffer);
  ASSERT_NE(failure_of(gone), nullptr);
  EXPECT_EQ(failure_of(gone)->error, ENODEV);
  ASSERT_EQ(mkdir(path.c_str(), 0755), 0);
  const Result<std::string_view> still_gone = file.read(buffer);
  EXPECT_NE(failure_of(still_gone), nullptr);
  EXPECT_EQ(rmdir(path.c_str()), 0);
}

}  // namespace
}  // namespace spillway
