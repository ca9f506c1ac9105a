// Puts itself into a worker's cgroup leaf and becomes the worker's program, so
// that not one page of the program is charged anywhere else.
//
//   spillway-launch FIRST_FD OOM_SCORE_ADJ FILE ARGV0 [ARG...]
//
// FIRST_FD      the leaf's cgroup.procs, open for writing. The kernel checks
//               the credentials of the opener (since 5.16), so this works
//               after the parent's child has changed its uid.
// FIRST_FD + 1  a socket for the report; the parent holds the other end.
// FIRST_FD + 2  this program's own file: the parent runs /proc/self/fd/N.
//
// The report is one line per step that has ended: "joined 0" once the process
// is in the leaf with its oom_score_adj, then nothing when the exec succeeds,
// as the socket closes with it. A failed step is reported by its name and
// errno, and the exit status is 127.
//
// Static, so that no LD_PRELOAD and no library path meant for the program acts
// on the launcher. Signals, working directory, session, environment: whatever
// the parent has set up for the program passes through untouched.

// Under -std=c17 the system calls are declared for those who ask.
#define _GNU_SOURCE  // NOLINT(bugprone-reserved-identifier)
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

enum {
  kFirstFdArg = 1,
  kOomScoreAdjArg,
  kFileArg,
  kArgv0Arg,
  kMinArgs,
  kExitNotRun = 127,  // what a shell and libuv use for "could not run it"
};

// A parent that is gone must not stop a detached worker: no SIGPIPE, and a
// report that nobody reads is not an error.
static void report(int fd, const char* step, int error) {
  char line[64];
  // The check wants snprintf_s, which no Linux libc has.
  // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.*)
  const int length = snprintf(line, sizeof(line), "%s %d\n", step, error);
  ssize_t sent = 0;
  do {
    sent = send(fd, line, (size_t)length, MSG_NOSIGNAL);
  } while (sent == -1 && errno == EINTR);
}

_Noreturn static void give_up(int fd, const char* step) {
  report(fd, step, errno);
  _exit(kExitNotRun);
}

// Kernel files take their value in one write or not at all.
static int write_value(int fd, const char* value) {
  ssize_t written = 0;
  do {
    written = write(fd, value, strlen(value));
  } while (written == -1 && errno == EINTR);
  return written == -1 ? -1 : 0;
}

static int set_oom_score_adj(const char* score) {
  const int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd == -1) return -1;
  const int result = write_value(fd, score);
  const int saved_errno = errno;
  close(fd);
  errno = saved_errno;
  return result;
}

static int parse_fd(const char* text) {
  char* end = NULL;
  const long fd = strtol(text, &end, 10);
  return *text == '\0' || *end != '\0' || fd < 0 || fd > 1 << 20 ? -1 : (int)fd;
}

int main(int argc, char** argv) {
  const int procs_fd = argc < kMinArgs ? -1 : parse_fd(argv[kFirstFdArg]);
  if (procs_fd == -1) {
    fputs("spillway-launch is run by Spillway, not by hand\n", stderr);
    return kExitNotRun;
  }
  const int status_fd = procs_fd + 1;
  const int launcher_fd = procs_fd + 2;

  // "0" is the writing process itself, whatever pid namespace it is in.
  if (write_value(procs_fd, "0") == -1) give_up(status_fd, "join");
  if (set_oom_score_adj(argv[kOomScoreAdjArg]) == -1) {
    give_up(status_fd, "oom_score_adj");
  }
  close(procs_fd);
  close(launcher_fd);
  if (fcntl(status_fd, F_SETFD, FD_CLOEXEC) == -1)
    give_up(status_fd, "cloexec");
  report(status_fd, "joined", 0);

  // libuv calls execvp too, with the child's environment in `environ`: the same
  // PATH, the same fall back to /bin/sh for a script without "#!".
  execvp(argv[kFileArg], argv + kArgv0Arg);
  give_up(status_fd, "exec");
}
