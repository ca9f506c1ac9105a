#include "thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "call_filter.h"

namespace spillway {

ThreadPriority raise_thread_priority() {
  if (!passes_filter({SYS_sched_setscheduler, SYS_setpriority})) {
    return ThreadPriority::kUnchanged;
  }
  // For both 0 names the calling thread, on Linux.
  const sched_param least{.sched_priority = 1};
  if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &least) == 0) {
    return ThreadPriority::kRealTime;
  }
  // Cgroup v1 may have no real time left for a group whose threads have the
  // right to it.
  if (setpriority(PRIO_PROCESS, 0, PRIO_MIN) == 0) return ThreadPriority::kNice;
  return ThreadPriority::kUnchanged;
}

}  // namespace spillway
