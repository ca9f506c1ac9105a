#include "call_filter.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <cerrno>
#include <thread>

#include "seccomp_filter.h"

namespace spillway {
namespace {

TEST(CallFilter, WithoutOneAllPasses) {
  EXPECT_TRUE(passes_filter({SYS_mlock}));
}

TEST(CallFilter, OneThatEndsTheProcessIsFoundOutInAChild) {
  bool denied = true;
  bool among_others = true;
  bool another = false;
  std::thread([&] {
    test::filter_call(SYS_mlock);
    denied = passes_filter({SYS_mlock});
    among_others = passes_filter({SYS_setpriority, SYS_mlock});
    another = passes_filter({SYS_setpriority});
  }).join();
  EXPECT_FALSE(denied);
  EXPECT_FALSE(among_others);
  EXPECT_TRUE(another);
}

TEST(CallFilter, OneThatAnswersWithAnErrorDoesNoHarm) {
  bool passes = false;
  std::thread([&passes] {
    test::filter_call(SYS_mlock, SECCOMP_RET_ERRNO | EPERM);
    passes = passes_filter({SYS_mlock});
  }).join();
  EXPECT_TRUE(passes);
}

}  // namespace
}  // namespace spillway
