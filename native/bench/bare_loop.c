// bare_loop DIRECTORY: as little as a program can do to hear of changes of a
// memory.events: one epoll with the file itself, or where it is an ordinary one
// with inotify, and a pread. By lines on stdin: "on" says "ready", "off" prints
// for each change "HIGH WOKEN_NS READ_NS".

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/vfs.h>

#include "stamps.h"

static int epoll_fd;
static char path[4096];

static void listen_to(int fd, uint32_t events) {
  struct epoll_event event = {.events = events, .data.fd = fd};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

// Until "off", or the end of stdin.
static void measure(int file) {
  char text[4096];
  struct statfs system;
  const int is_kernfs =
      fstatfs(file, &system) == 0 && system.f_type == CGROUP2_SUPER_MAGIC;
  const int inotify = is_kernfs ? -1 : inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (is_kernfs) {
    listen_to(file, EPOLLPRI | EPOLLET);
  } else {
    inotify_add_watch(inotify, path, IN_MODIFY);
    listen_to(inotify, EPOLLIN);
  }
  // A fresh descriptor reports a change until it is read.
  if (pread(file, text, sizeof(text), 0) < 0) return;
  say("ready");
  for (;;) {
    struct epoll_event event;
    if (epoll_wait(epoll_fd, &event, 1, -1) < 1) continue;
    const int64_t woken_ns = stamp_now_ns();
    if (event.data.fd == STDIN_FILENO) break;
    if (!is_kernfs && read(inotify, text, sizeof(text)) < 0) continue;
    const ssize_t size = pread(file, text, sizeof(text) - 1, 0);
    if (size < 0) break;
    const int64_t read_ns = stamp_now_ns();
    text[size] = '\0';
    keep_stamp(high_count(text), woken_ns, read_ns);
  }
  epoll_ctl(epoll_fd, EPOLL_CTL_DEL, is_kernfs ? file : inotify, NULL);
  if (!is_kernfs) close(inotify);
}

int main(int count, char** words) {
  if (count != 2) return 2;
  snprintf(path, sizeof(path), "%s/memory.events", words[1]);
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (file < 0 || epoll_fd < 0) return 1;
  listen_to(STDIN_FILENO, EPOLLIN);
  char line[64];
  for (ssize_t size; (size = read(STDIN_FILENO, line, sizeof(line))) > 0;) {
    if (strncmp(line, "on\n", (size_t)size) == 0) {
      measure(file);
    } else {
      print_stamps();
    }
  }
  return 0;
}
