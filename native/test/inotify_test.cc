#include "inotify.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "faults.h"
#include "fixture_directory.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FixtureDirectory;

using Ids = std::vector<SourceId>;

// Changes are queued before the call that makes them returns, so nothing here
// waits.
class InotifyTest : public testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Inotify>> created = Inotify::create();
    ASSERT_EQ(failure_of(created), nullptr);
    inotify_ = std::move(std::get<std::unique_ptr<Inotify>>(created));
    for (const char* name : {"a", "b"}) directory_.write(name, "0\n");
  }

  void add(SourceId id, const char* name) {
    ASSERT_EQ(inotify_->add(id, directory_.path(name)), std::nullopt);
  }

  Ids touched() {
    Ids ids;
    inotify_->drain(buffer_, &ids);
    return ids;
  }

  FixtureDirectory directory_;
  std::unique_ptr<Inotify> inotify_;
  std::array<char, 16 * 1024> buffer_;
};

TEST_F(InotifyTest, NothingChangedTouchesNothing) {
  add(1, "a");
  EXPECT_EQ(touched(), Ids{});
}

TEST_F(InotifyTest, ChangedFileTouchesItsSourceOnce) {
  add(1, "a");
  add(2, "b");
  directory_.write("a", "1\n");
  directory_.write("a", "2\n");
  EXPECT_EQ(touched(), Ids{1});
  EXPECT_EQ(touched(), Ids{}) << "taken";
  directory_.write("b", "1\n");
  directory_.write("a", "3\n");
  EXPECT_EQ(touched(), (Ids{1, 2}));
}

TEST_F(InotifyTest, OneFileMayServeSeveralSources) {
  add(1, "a");
  add(2, "a");
  directory_.write("a", "1\n");
  EXPECT_EQ(touched(), (Ids{1, 2}));
}

TEST_F(InotifyTest, RemovedSourceLeavesTheSharedFileToTheOther) {
  add(1, "a");
  add(2, "a");
  inotify_->remove(1);
  directory_.write("a", "1\n");
  EXPECT_EQ(touched(), Ids{2});
  inotify_->remove(2);
  directory_.write("a", "2\n");
  EXPECT_EQ(touched(), Ids{});
}

TEST_F(InotifyTest, AddingTwiceIsAddingOnce) {
  add(1, "a");
  add(1, "a");
  inotify_->remove(1);
  directory_.write("a", "1\n");
  EXPECT_EQ(touched(), Ids{});
}

TEST_F(InotifyTest, RemovingTheUnknownIsNothing) {
  add(1, "a");
  inotify_->remove(7);
  directory_.write("a", "1\n");
  EXPECT_EQ(touched(), Ids{1});
}

TEST_F(InotifyTest, QueuedChangesOfARemovedSourceAreDropped) {
  add(1, "a");
  directory_.write("a", "1\n");
  inotify_->remove(1);
  EXPECT_EQ(touched(), Ids{});
}

TEST_F(InotifyTest, DeletedReplacedOrMovedFileTouches) {
  add(1, "a");
  directory_.replace("a", "1\n");
  EXPECT_EQ(touched(), Ids{1});
  add(1, "a");
  directory_.rename("a", "elsewhere");
  EXPECT_EQ(touched(), Ids{1});
  add(2, "b");
  directory_.remove("b");
  EXPECT_EQ(touched(), Ids{2});
}

TEST_F(InotifyTest, DeletedFileIsForgotten) {
  add(1, "a");
  directory_.remove("a");
  EXPECT_EQ(touched(), Ids{1});
  directory_.write("a", "1\n");
  add(1, "a");
  directory_.write("a", "2\n");
  EXPECT_EQ(touched(), Ids{1});
  inotify_->remove(1);
  directory_.write("a", "3\n");
  EXPECT_EQ(touched(), Ids{});
}

TEST_F(InotifyTest, OverflowTouchesEverySource) {
  directory_.write("quiet", "0\n");
  add(1, "a");
  add(2, "b");
  add(3, "quiet");
  // Equal changes in a row are merged: two files take turns. The limit is
  // /proc/sys/fs/inotify/max_queued_events.
  int limit = 0;
  std::ifstream("/proc/sys/fs/inotify/max_queued_events") >> limit;
  if (limit <= 0 || limit > 100'000) GTEST_SKIP() << "queue of " << limit;
  std::ofstream a(directory_.path("a"));
  std::ofstream b(directory_.path("b"));
  for (int change = 0; change <= limit / 2 + 1; ++change) {
    a << '1' << std::flush;
    b << '1' << std::flush;
  }
  std::unordered_set<SourceId> all;
  for (Ids ids = touched(); !ids.empty(); ids = touched()) {
    all.insert(ids.begin(), ids.end());
  }
  EXPECT_EQ(all, (std::unordered_set<SourceId>{1, 2, 3}));
}

TEST_F(InotifyTest, MissingFileCannotBeAdded) {
  const auto failure = inotify_->add(1, directory_.path("missing"));
  ASSERT_NE(failure, std::nullopt);
  EXPECT_EQ(failure->error, ENOENT);
  EXPECT_STREQ(failure->call, "inotify_add_watch");
}

TEST_F(InotifyTest, FdsRunningOutFail) {
  const test::FdLimit limit(0);
  const Result<std::unique_ptr<Inotify>> created = Inotify::create();
  ASSERT_NE(failure_of(created), nullptr);
  EXPECT_EQ(failure_of(created)->error, EMFILE);
}

}  // namespace
}  // namespace spillway
