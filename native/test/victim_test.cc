#include "victim.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <set>

#include "faults.h"
#include "kernel_file.h"
#include "real_cgroup.h"
#include "test_victim.h"
#include "this_process.h"

namespace spillway {
namespace {

using test::FaultOrder;
using test::faults;
using test::FixtureLeaf;
using test::TestVictim;

using Life = Victim::Life;
using Claimant = Victim::Claimant;

class VictimTest : public testing::Test {
 protected:
  std::optional<uint64_t> freeable(const Victim& victim) {
    return victim.freeable(buffer_);
  }
  uint64_t dying(const Victim& victim) { return victim.dying(buffer_); }

  std::array<char, kFileBufferBytes> buffer_;
};

TEST_F(VictimTest, HoldsUpToFiveDescriptorsAndClosesThem) {
  const FixtureLeaf leaf;
  leaf.directory().write("memory.swap.current", "0\n");
  const size_t before = test::open_fds();
  auto victim = leaf.open();
  EXPECT_EQ(test::open_fds(), before + 4);
  test::hold(victim.get(), getpid());
  EXPECT_EQ(test::open_fds(), before + 5);
  victim.reset();
  EXPECT_EQ(test::open_fds(), before);
}

TEST_F(VictimTest, DescriptorsAreNotPassedOn) {
  const FixtureLeaf leaf;
  leaf.directory().write("memory.swap.current", "0\n");
  std::set<int> before;
  for (int fd = 0; fd < 100; ++fd) {
    if (fcntl(fd, F_GETFD) >= 0) before.insert(fd);
  }
  const auto victim = leaf.open();
  test::hold(victim.get(), getpid());
  int seen = 0;
  for (int fd = 0; fd < 100; ++fd) {
    const int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || before.contains(fd)) continue;
    ++seen;
    EXPECT_NE(flags & FD_CLOEXEC, 0) << fd;
  }
  EXPECT_EQ(seen, 5);
}

TEST_F(VictimTest, LeftoversAreTakenOnceAndMakeItDyingAnew) {
  TestVictim worker;
  Victim& victim = *worker.victim;
  EXPECT_EQ(victim.dying_since_ns(), 0);
  worker.end();
  EXPECT_EQ(victim.life(5), Life::kEnded);
  EXPECT_EQ(victim.dying_since_ns(), 5);
  EXPECT_TRUE(victim.take_leftovers(7));
  EXPECT_FALSE(victim.take_leftovers(9));
  EXPECT_EQ(victim.dying_since_ns(), 7);
  EXPECT_EQ(victim.claim().by, Claimant::kNobody);
}

TEST_F(VictimTest, IdsAreNeverUsedAgain) {
  const FixtureLeaf leaf;
  const VictimId first = leaf.open()->id();
  EXPECT_GT(leaf.open()->id(), first);
}

TEST_F(VictimTest, WithoutCgroupKillIsAFailure) {
  const test::FixtureDirectory directory;
  const auto opened = Victim::open(directory.path());
  const Failure* failure = failure_of(opened);
  ASSERT_NE(failure, nullptr);
  EXPECT_EQ(failure->error, ENOENT);
  EXPECT_STREQ(failure->file, "cgroup.kill");
}

TEST_F(VictimTest, WithoutDescriptorsIsAFailureAndLeaksNone) {
  const FixtureLeaf leaf;
  leaf.directory().write("memory.swap.current", "0\n");
  for (int room = 0; room < 3; ++room) {
    const size_t before = test::open_fds();
    {
      const test::FdLimit limit(room);
      const auto opened = Victim::open(leaf.directory().path());
      ASSERT_NE(failure_of(opened), nullptr) << room;
      EXPECT_EQ(failure_of(opened)->error, EMFILE);
    }
    EXPECT_EQ(test::open_fds(), before);
  }
}

TEST_F(VictimTest, FreeableIsAnonymousMemoryAndSwap) {
  const FixtureLeaf leaf(70);
  EXPECT_EQ(freeable(*leaf.open()), 70U);
  leaf.directory().write("memory.swap.current", "5\n");
  EXPECT_EQ(freeable(*leaf.open()), 75U);
  leaf.directory().write("memory.swap.current", "nonsense\n");
  EXPECT_EQ(freeable(*leaf.open()), 70U);
  leaf.directory().write("memory.swap.current", "max\n");
  EXPECT_EQ(freeable(*leaf.open()), 70U);
}

TEST_F(VictimTest, DyingHasYetToGiveWhatIsChargedAndUnmapped) {
  const FixtureLeaf leaf(70);
  EXPECT_EQ(dying(*leaf.open()), 70U) << "nothing else is known";
  const uint64_t unmapped = uint64_t{1} << 30;
  const uint64_t current = unmapped + charged_ahead() + 70 + 20 + 3;
  leaf.directory().write("memory.current", std::to_string(current) + "\n");
  EXPECT_EQ(dying(*leaf.open()), 70U) << "the other parts are not known";
  leaf.directory().write("memory.stat", "anon 70\nfile 20\nkernel 3\n");
  EXPECT_EQ(dying(*leaf.open()), unmapped + 70);
  leaf.directory().write("memory.swap.current", "5\n");
  EXPECT_EQ(dying(*leaf.open()), unmapped + 75);
  leaf.directory().write("memory.current", "90\n");
  EXPECT_EQ(dying(*leaf.open()), 75U);
  leaf.directory().write("memory.stat", "anon 7");
  EXPECT_EQ(dying(*leaf.open()), 0U);
}

TEST_F(VictimTest, FreeableIsReadAnew) {
  const FixtureLeaf leaf(70);
  const auto victim = leaf.open();
  EXPECT_EQ(freeable(*victim), 70U);
  leaf.size(80);
  EXPECT_EQ(freeable(*victim), 80U);
}

TEST_F(VictimTest, SizeThatCannotBeReadIsUnknown) {
  const FixtureLeaf leaf;
  const auto victim = leaf.open();
  leaf.directory().write("memory.stat", "anon 5");
  EXPECT_EQ(freeable(*victim), std::nullopt);
  leaf.directory().write("memory.stat", "file 5\n");
  EXPECT_EQ(freeable(*victim), std::nullopt);
  {
    const FaultOrder order(&faults.pread, 1, ENODEV);
    EXPECT_EQ(freeable(*victim), std::nullopt);
  }
  leaf.directory().remove("memory.stat");
  EXPECT_EQ(freeable(*leaf.open()), std::nullopt);
}

TEST_F(VictimTest, HoldsOnePidfdAndNothingElse) {
  const FixtureLeaf leaf;
  const auto victim = leaf.open();
  EXPECT_EQ(victim->hold(-1)->error, EBADF);
  const Result<UniqueFd> file = open_file("/dev", "null");
  EXPECT_EQ(victim->hold(std::get<UniqueFd>(file).get())->error, EBADF);
  EXPECT_EQ(victim->life(1), Life::kNotStarted);
  test::hold(victim.get(), getpid());
  const Result<UniqueFd> again = open_pidfd(getpid());
  EXPECT_EQ(victim->hold(std::get<UniqueFd>(again).get())->error, EALREADY);
  EXPECT_EQ(victim->life(1), Life::kAlive);
}

TEST_F(VictimTest, EndIsNotedWhenItIsSeenFirst) {
  TestVictim worker;
  EXPECT_EQ(worker.victim->life(1), Life::kAlive);
  EXPECT_EQ(worker.victim->ended_ns(), 0);
  worker.end();
  EXPECT_EQ(worker.victim->life(2), Life::kEnded);
  EXPECT_EQ(worker.victim->life(3), Life::kEnded);
  EXPECT_EQ(worker.victim->ended_ns(), 2);
}

TEST_F(VictimTest, IsClaimedOnce) {
  const FixtureLeaf leaf;
  const auto first = leaf.open();
  EXPECT_EQ(first->claim().by, Claimant::kNobody);
  EXPECT_TRUE(first->claim_for_javascript(5));
  EXPECT_FALSE(first->claim_for_javascript(6));
  EXPECT_FALSE(first->claim_for_watch(16, 6));
  EXPECT_EQ(first->claim().by, Claimant::kJavaScript);
  EXPECT_EQ(first->claim().at_ns, 5);

  const auto second = leaf.open();
  EXPECT_TRUE(second->claim_for_watch(16, 7));
  EXPECT_FALSE(second->claim_for_watch(17, 8));
  EXPECT_FALSE(second->claim_for_javascript(8));
  EXPECT_EQ(second->claim().by, Claimant::kNative);
  EXPECT_EQ(second->claim().watch, 16U);
  EXPECT_EQ(second->claim().at_ns, 7);
}

TEST_F(VictimTest, SignalKillsTheMainProcess) {
  TestVictim worker;
  worker.victim->signal();
  const int status = worker.child.reap();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  worker.victim->signal();  // it is gone
  worker.victim->release_memory();
  worker.leaf.open()->signal();  // it has not started
  worker.leaf.open()->release_memory();
}

TEST_F(VictimTest, FailureToKillTheLeafIsKept) {
  const FixtureLeaf leaf;
  leaf.directory().remove("cgroup.kill");
  std::filesystem::create_symlink("/dev/full",
                                  leaf.directory().path("cgroup.kill"));
  const auto victim = leaf.open();
  EXPECT_EQ(victim->last_failure(), std::nullopt);
  victim->kill_leaf();
  ASSERT_TRUE(victim->last_failure().has_value());
  EXPECT_EQ(victim->last_failure()->error, ENOSPC);
  EXPECT_STREQ(victim->last_failure()->file, "cgroup.kill");
}

TEST_F(VictimTest, KillsTheLeafEachTime) {
  const FixtureLeaf leaf;
  const auto victim = leaf.open();
  victim->kill_leaf();
  victim->kill_leaf();
  EXPECT_EQ(leaf.written(), "11");
  EXPECT_EQ(victim->last_failure(), std::nullopt);
}

TEST_F(VictimTest, KillsARealLeafAndMindsNoneThatIsGone) {
  test::ChildProcess descendant;
  test::RealCgroup cgroup;
  if (!cgroup.problem().empty()) GTEST_SKIP() << cgroup.problem();
  if (access((cgroup.path() + "/cgroup.kill").c_str(), W_OK) < 0) {
    GTEST_SKIP() << "no cgroup.kill";
  }
  const auto opened = Victim::open(cgroup.path());
  ASSERT_EQ(failure_of(opened), nullptr);
  const auto victim = std::get<std::shared_ptr<Victim>>(opened);
  ASSERT_TRUE(cgroup.write("cgroup.procs", std::to_string(descendant.pid())));
  victim->kill_leaf();
  EXPECT_EQ(victim->last_failure(), std::nullopt);
  const int status = descendant.reap();
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  ASSERT_TRUE(cgroup.remove());
  victim->kill_leaf();
  EXPECT_EQ(victim->last_failure(), std::nullopt);
  EXPECT_EQ(freeable(*victim), std::nullopt);
}

}  // namespace
}  // namespace spillway
