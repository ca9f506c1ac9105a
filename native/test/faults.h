#ifndef SPILLWAY_TEST_FAULTS_H_
#define SPILLWAY_TEST_FAULTS_H_

#include <atomic>
#include <cerrno>
#include <cstddef>

namespace spillway::test {

// Orders a system call of the core to fail. The linker puts our wrappers in
// the place of the calls (--wrap, CMakeLists.txt); without an order they pass
// everything through.
struct Fault {
  std::atomic<int> times{0};  // how many of the next calls fail
  std::atomic<int> error{EINTR};

  // Whether this call is to fail, with errno set.
  bool strikes();
};

struct Faults {
  Fault pread;
  Fault open;
  Fault write;
  Fault flock;
  Fault epoll_wait;
  Fault inotify_add_watch;
  Fault getxattr;
  Fault setxattr;
  Fault mlock;
  Fault sched_setscheduler;
  Fault setpriority;
  // The most bytes that one pread hands over; 0: no limit.
  std::atomic<size_t> pread_piece{0};
  // The same of one write.
  std::atomic<size_t> write_piece{0};
};

extern Faults faults;

// No order outlives its test.
class FaultOrder {
 public:
  FaultOrder(Fault* fault, int times, int error) : fault_(fault) {
    fault->error = error;
    fault->times = times;
  }
  FaultOrder(const FaultOrder&) = delete;
  FaultOrder& operator=(const FaultOrder&) = delete;
  ~FaultOrder() { fault_->times = 0; }

  bool used_up() const { return fault_->times == 0; }

 private:
  Fault* const fault_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_FAULTS_H_
