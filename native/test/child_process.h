#ifndef SPILLWAY_TEST_CHILD_PROCESS_H_
#define SPILLWAY_TEST_CHILD_PROCESS_H_

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <functional>

namespace spillway::test {

// A forked child. Made before the test starts a thread.
class ChildProcess {
 public:
  // Its exit status is what `body` returns; by default it waits to be killed.
  explicit ChildProcess(const std::function<int()>& body = wait_for_ever)
      : pid_(fork()) {
    if (pid_ == 0) _exit(body());
  }
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess() {
    if (pid_ < 0) return;
    kill(pid_, SIGKILL);
    reap();
  }

  pid_t pid() const { return pid_; }

  void signal(int number) const { kill(pid_, number); }

  // Waits until it stands still after SIGSTOP.
  bool wait_for_stop() const {
    int status = 0;
    while (waitpid(pid_, &status, WUNTRACED) < 0) {
      if (errno != EINTR) return false;
    }
    return WIFSTOPPED(status);
  }

  // Waits for its end; the status is that of waitpid().
  int reap() {
    int status = 0;
    while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    return status;
  }

 private:
  static int wait_for_ever() {
    for (;;) pause();
  }

  pid_t pid_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_CHILD_PROCESS_H_
