#ifndef SPILLWAY_TEST_SECCOMP_FILTER_H_
#define SPILLWAY_TEST_SECCOMP_FILTER_H_

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <array>
#include <cstddef>
#include <cstdint>

namespace spillway::test {

// From now on the calling thread, and what it starts, is answered so when it
// makes this call. Never to be undone: in a thread of the test's own.
inline void filter_call(uint32_t call,
                        uint32_t answer = SECCOMP_RET_KILL_PROCESS) {
  std::array<sock_filter, 4> rules = {{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, answer),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  }};
  const sock_fprog program{rules.size(), rules.data()};
  ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
}

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_SECCOMP_FILTER_H_
