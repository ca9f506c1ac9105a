#include "process.h"

#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "call_filter.h"

namespace spillway {

// By number: glibc has the calls since 2.36 only, and we build against older.

namespace {

constexpr long kProcessMrelease = 448;  // wherever Node runs

}  // namespace

Result<UniqueFd> open_pidfd(pid_t pid) {
  UniqueFd fd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!fd.valid()) return Failure{errno, "pidfd_open"};
  return fd;
}

std::optional<Failure> signal_pidfd(int pidfd, int signal) {
  if (syscall(SYS_pidfd_send_signal, pidfd, signal, nullptr, 0) < 0) {
    return Failure{errno, "pidfd_send_signal"};
  }
  return std::nullopt;
}

std::optional<Failure> release_memory_of(int pidfd) {
  if (syscall(kProcessMrelease, pidfd, 0) < 0) {
    return Failure{errno, "process_mrelease"};
  }
  return std::nullopt;
}

bool releases_soundly(const char* release) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(release, "%d.%d", &major, &minor) != 2) return false;
  return major > 5 || (major == 5 && minor >= 17);
}

bool may_release_memory() {
  utsname system{};
  return uname(&system) == 0 && releases_soundly(system.release) &&
         passes_filter({kProcessMrelease});
}

std::optional<Failure> lock_file(int fd) {
  while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
    if (errno != EINTR) return Failure{errno, "flock"};
  }
  return std::nullopt;
}

}  // namespace spillway
