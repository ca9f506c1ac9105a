#ifndef SPILLWAY_CORE_PROCESS_H_
#define SPILLWAY_CORE_PROCESS_H_

#include <sys/types.h>

#include <optional>

#include "failure.h"
#include "unique_fd.h"

namespace spillway {

// A handle that stays with one process: a signal through it never reaches
// another that got the pid later. Linux 5.3.
Result<UniqueFd> open_pidfd(pid_t pid);

std::optional<Failure> signal_pidfd(int pidfd, int signal);

// Takes the memory of a process that was sent SIGKILL, in the caller's time
// and without waiting for it to run. Linux 5.15.
std::optional<Failure> release_memory_of(int pidfd);

// Whether a kernel of this release does so without harm. Before Linux 5.17 the
// caller may be the last to hold the memory, and the process be gone without
// having given any back (ba535c1caf3e).
bool releases_soundly(const char* release);

// Whether this kernel does, and a filter lets the call through. May fork.
bool may_release_memory();

// Takes an exclusive lock on an open file, without waiting. EWOULDBLOCK:
// somebody else holds it. It lasts as long as the descriptor.
std::optional<Failure> lock_file(int fd);

}  // namespace spillway

#endif  // SPILLWAY_CORE_PROCESS_H_
