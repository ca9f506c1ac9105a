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
//   spillway-launch --into DIRECTORY OOM_SCORE_ADJ FILE [ARG...]
//
// The way for processes that other libraries start, which hand over no
// descriptors. It opens the cgroup.procs of DIRECTORY itself; a process that
// could not join is moved by the supervisor when it attaches it, so a failure
// to join or to set the score is neither fatal nor told. FILE is argv[0] too.
// If it cannot be executed, one line on stderr says why, and the exit status is
// that of a shell: 127 where there is no such program, 126 otherwise.
//
// Static, so that no LD_PRELOAD and no library path meant for the program acts
// on the launcher. Signals, working directory, session, environment: whatever
// the parent has set up for the program passes through untouched.

// Under -std=c17 the system calls are declared for those who ask.
#define _GNU_SOURCE  // NOLINT(bugprone-reserved-identifier)
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
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
  kIntoDirectoryArg = 2,
  kIntoOomScoreAdjArg,
  kIntoFileArg,
  kIntoMinArgs,
  kExitNotRun = 127,  // what a shell and libuv use for "could not run it"
  kExitNotExecutable = 126,
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

static void join_directory(const char* directory) {
  const int directory_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory_fd == -1) return;
  const int procs_fd =
      openat(directory_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  close(directory_fd);
  if (procs_fd == -1) return;
  (void)write_value(procs_fd, "0");
  close(procs_fd);
}

static int launch_into(char** argv) {
  join_directory(argv[kIntoDirectoryArg]);
  (void)set_oom_score_adj(argv[kIntoOomScoreAdjArg]);
  execvp(argv[kIntoFileArg], argv + kIntoFileArg);
  const int error = errno;
  // The exit status shall tell also where nobody reads the line.
  signal(SIGPIPE, SIG_IGN);
  // NOLINTNEXTLINE(clang-analyzer-security.insecureAPI.*): as above
  fprintf(stderr, "spillway-launch: %s: %s\n", argv[kIntoFileArg],
          strerror(error));
  return error == ENOENT ? kExitNotRun : kExitNotExecutable;
}

static int parse_fd(const char* text) {
  char* end = NULL;
  const long fd = strtol(text, &end, 10);
  return *text == '\0' || *end != '\0' || fd < 0 || fd > 1 << 20 ? -1 : (int)fd;
}

int main(int argc, char** argv) {
  if (argc >= kIntoMinArgs && strcmp(argv[1], "--into") == 0) {
    return launch_into(argv);
  }
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
