#include "thread_priority.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <thread>

#include "faults.h"
#include "seccomp_filter.h"

namespace spillway {
namespace {

// What it says, and what the kernel says, of a thread of its own: the one that
// runs the tests stays as it is.
struct Outcome {
  ThreadPriority told = ThreadPriority::kUnchanged;
  int policy = -1;
  int niceness = 0;
};

Outcome raise() {
  Outcome outcome;
  std::thread([&outcome] {
    outcome.told = raise_thread_priority();
    outcome.policy = sched_getscheduler(0);
    outcome.niceness = getpriority(PRIO_PROCESS, 0);
  }).join();
  return outcome;
}

TEST(ThreadPriority, IsWhatItSays) {
  const Outcome outcome = raise();
  const bool real_time = outcome.told == ThreadPriority::kRealTime;
  EXPECT_EQ(outcome.policy,
            real_time ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER);
  const bool nice = outcome.told == ThreadPriority::kNice;
  EXPECT_EQ(outcome.niceness, nice ? PRIO_MIN : getpriority(PRIO_PROCESS, 0));
}

TEST(ThreadPriority, WithoutRealTimeItIsNice) {
  const test::FaultOrder refused(&test::faults.sched_setscheduler, 1, EPERM);
  const Outcome outcome = raise();
  EXPECT_TRUE(refused.used_up());
  EXPECT_NE(outcome.told, ThreadPriority::kRealTime);
  EXPECT_EQ(outcome.policy, SCHED_OTHER);
}

TEST(ThreadPriority, WithoutEitherNothingChanges) {
  const test::FaultOrder no_time(&test::faults.sched_setscheduler, 1, EPERM);
  const test::FaultOrder no_niceness(&test::faults.setpriority, 1, EACCES);
  const Outcome outcome = raise();
  EXPECT_EQ(outcome.told, ThreadPriority::kUnchanged);
  EXPECT_EQ(outcome.policy, SCHED_OTHER);
  EXPECT_EQ(outcome.niceness, getpriority(PRIO_PROCESS, 0));
}

TEST(ThreadPriority, IsNotAskedForWhereThatMayEndTheProcess) {
  ThreadPriority told = ThreadPriority::kRealTime;
  std::thread([&told] {
    // As a hardened service of systemd has it: SystemCallFilter=~@resources.
    test::filter_call(SYS_sched_setscheduler);
    told = raise_thread_priority();
  }).join();
  EXPECT_EQ(told, ThreadPriority::kUnchanged);
}

TEST(ThreadPriority, ItsOwnThreadsHaveNoRealTime) {
  int policy = -1;
  std::thread([&policy] {
    raise_thread_priority();
    std::thread([&policy] { policy = sched_getscheduler(0); }).join();
  }).join();
  EXPECT_EQ(policy, SCHED_OTHER);
}

}  // namespace
}  // namespace spillway
