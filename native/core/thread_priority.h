#ifndef SPILLWAY_CORE_THREAD_PRIORITY_H_
#define SPILLWAY_CORE_THREAD_PRIORITY_H_

#include <cstdint>

namespace spillway {

enum class ThreadPriority : uint8_t {
  kUnchanged,
  kNice,      // niceness -20
  kRealTime,  // SCHED_FIFO, the least of it
};

// Has the calling thread run as soon as it has something to do, for what eats
// the memory may keep every processor busy as well. Needs CAP_SYS_NICE; without
// it, or where a filter would end the process for asking, nothing changes.
// Threads that it starts do not inherit real time.
ThreadPriority raise_thread_priority();

}  // namespace spillway

#endif  // SPILLWAY_CORE_THREAD_PRIORITY_H_
