#ifndef SPILLWAY_TEST_TEST_VICTIM_H_
#define SPILLWAY_TEST_TEST_VICTIM_H_

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

#include "child_process.h"
#include "fixture_directory.h"
#include "killer.h"
#include "process.h"
#include "victim.h"

namespace spillway::test {

// A folder in the place of a leaf: its cgroup.kill is an ordinary file, to
// which each kill adds a "1".
class FixtureLeaf {
 public:
  explicit FixtureLeaf(uint64_t anon = 100) {
    directory_.write("cgroup.kill", "");
    directory_.write("memory.current", "0\n");
    size(anon);
  }

  const FixtureDirectory& directory() const { return directory_; }

  void size(uint64_t anon) const {
    directory_.write("memory.stat", "anon " + std::to_string(anon) + "\n");
  }
  std::string written() const {
    std::ostringstream text;
    text << std::ifstream(directory_.path("cgroup.kill")).rdbuf();
    return text.str();
  }

  std::shared_ptr<Victim> open() const {
    const auto opened = Victim::open(directory_.path());
    EXPECT_EQ(failure_of(opened), nullptr);
    return std::get<std::shared_ptr<Victim>>(opened);
  }

 private:
  FixtureDirectory directory_;
};

inline void hold(Victim* victim, pid_t pid) {
  const Result<UniqueFd> pidfd = open_pidfd(pid);
  ASSERT_EQ(failure_of(pidfd), nullptr);
  ASSERT_EQ(victim->hold(std::get<UniqueFd>(pidfd).get()), std::nullopt);
}

// A worker that lives. Made before the test starts a thread.
struct TestVictim {
  explicit TestVictim(uint64_t anon = 100) : leaf(anon), victim(leaf.open()) {
    hold(victim.get(), child.pid());
  }

  void end() {
    child.signal(SIGKILL);
    child.reap();
  }

  ChildProcess child;
  FixtureLeaf leaf;
  std::shared_ptr<Victim> victim;
};

// Notes whom it was to kill.
class FakeKill final : public KillSink {
 public:
  void kill(const std::shared_ptr<Victim>& victim) override {
    killed.push_back(victim->id());
  }

  std::vector<VictimId> killed;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_TEST_VICTIM_H_
