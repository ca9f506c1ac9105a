#include "faults.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/types.h>

#include <algorithm>
#include <cstdarg>
#include <cstdint>

namespace spillway::test {

Faults faults;

bool Fault::strikes() {
  int left = times.load();
  while (left > 0 && !times.compare_exchange_weak(left, left - 1)) {
  }
  if (left <= 0) return false;
  errno = error;
  return true;
}

}  // namespace spillway::test

using spillway::test::faults;

// NOLINTBEGIN(bugprone-reserved-identifier): the names that --wrap asks for.
extern "C" {

ssize_t __real_pread(int fd, void* data, size_t size, off_t offset);
ssize_t __wrap_pread(int fd, void* data, size_t size, off_t offset) {
  if (faults.pread.strikes()) return -1;
  const size_t piece = faults.pread_piece;
  return __real_pread(fd, data, piece == 0 ? size : std::min(size, piece),
                      offset);
}

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  if (faults.open.strikes()) return -1;
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return __real_open(path, flags, mode);
}

ssize_t __real_write(int fd, const void* data, size_t size);
ssize_t __wrap_write(int fd, const void* data, size_t size) {
  if (faults.write.strikes()) return -1;
  const size_t piece = faults.write_piece;
  return __real_write(fd, data, piece == 0 ? size : std::min(size, piece));
}

int __real_mlock(const void* begin, size_t bytes);
int __wrap_mlock(const void* begin, size_t bytes) {
  return faults.mlock.strikes() ? -1 : __real_mlock(begin, bytes);
}

int __real_sched_setscheduler(pid_t pid, int policy, const sched_param* param);
int __wrap_sched_setscheduler(pid_t pid, int policy, const sched_param* param) {
  if (faults.sched_setscheduler.strikes()) return -1;
  return __real_sched_setscheduler(pid, policy, param);
}

int __real_setpriority(int which, id_t who, int niceness);
int __wrap_setpriority(int which, id_t who, int niceness) {
  if (faults.setpriority.strikes()) return -1;
  return __real_setpriority(which, who, niceness);
}

int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation) {
  return faults.flock.strikes() ? -1 : __real_flock(fd, operation);
}

int __real_epoll_wait(int fd, epoll_event* events, int count, int timeout);
int __wrap_epoll_wait(int fd, epoll_event* events, int count, int timeout) {
  if (faults.epoll_wait.strikes()) return -1;
  return __real_epoll_wait(fd, events, count, timeout);
}

int __real_inotify_add_watch(int fd, const char* path, uint32_t mask);
int __wrap_inotify_add_watch(int fd, const char* path, uint32_t mask) {
  if (faults.inotify_add_watch.strikes()) return -1;
  return __real_inotify_add_watch(fd, path, mask);
}

ssize_t __real_getxattr(const char* path, const char* name, void* value,
                        size_t size);
ssize_t __wrap_getxattr(const char* path, const char* name, void* value,
                        size_t size) {
  if (faults.getxattr.strikes()) return -1;
  return __real_getxattr(path, name, value, size);
}

int __real_setxattr(const char* path, const char* name, const void* value,
                    size_t size, int flags);
int __wrap_setxattr(const char* path, const char* name, const void* value,
                    size_t size, int flags) {
  if (faults.setxattr.strikes()) return -1;
  return __real_setxattr(path, name, value, size, flags);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
