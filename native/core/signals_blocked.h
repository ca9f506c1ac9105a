#ifndef SPILLWAY_CORE_SIGNALS_BLOCKED_H_
#define SPILLWAY_CORE_SIGNALS_BLOCKED_H_

#include <pthread.h>

#include <csignal>

namespace spillway {

// Blocks all signals of this thread while it lives; a thread that is started
// meanwhile keeps them blocked. Signals belong to the threads of Node.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_SIGNALS_BLOCKED_H_
