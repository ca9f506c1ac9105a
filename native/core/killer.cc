#include "killer.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <utility>

#include "process.h"
#include "signals_blocked.h"
#include "victim_queue.h"

namespace spillway {

namespace {

constexpr std::chrono::seconds kLongestEnd{1};

}  // namespace

struct Killer::Shared {
  explicit Shared(Reap how) : reap(std::move(how)) {}

  void write_all() {
    pthread_setname_np(pthread_self(), "spillway-kill");
    while (const auto victim = to_kill.pop()) {
      victim->kill_leaf();
      to_reap.push(victim);
    }
    to_reap.close();
    end(&writer_ended);
  }

  void reap_all() {
    pthread_setname_np(pthread_self(), "spillway-reap");
    // Now: later it would be in a shortage.
    const bool may_reap = may_release_memory();
    while (const auto victim = to_reap.pop()) {
      if (may_reap) reap(*victim);
    }
    end(&reaper_ended);
  }

  void end(bool* which) {
    const std::lock_guard guard(mutex);
    *which = true;
    ended.notify_one();
  }

  const Reap reap;  // reaper's thread only
  VictimQueue to_kill;
  VictimQueue to_reap;
  std::mutex mutex;
  std::condition_variable ended;
  // Under the lock:
  bool writer_ended = false;
  bool reaper_ended = false;
};

Killer::Killer(Reap reap)
    : shared_(std::make_shared<Shared>(std::move(reap))) {}

Result<std::unique_ptr<Killer>> Killer::start(Reap reap) {
  std::unique_ptr<Killer> killer(new Killer(std::move(reap)));
  try {
    const SignalsBlocked blocked;
    // Each holds what it uses, and so may outlive the killer.
    killer->reaper_ =
        std::thread([shared = killer->shared_] { shared->reap_all(); });
    killer->writer_ =
        std::thread([shared = killer->shared_] { shared->write_all(); });
  } catch (const std::system_error& error) {
    return Failure{error.code().value(), "pthread_create"};
  }
  return killer;
}

Killer::~Killer() {
  shared_->to_kill.close();
  // The writer does this at its end, if it was started.
  if (!writer_.joinable()) shared_->to_reap.close();
  bool writer_ended = false;
  bool reaper_ended = false;
  {
    std::unique_lock guard(shared_->mutex);
    shared_->ended.wait_for(guard, kLongestEnd, [this] {
      return (shared_->writer_ended || !writer_.joinable()) &&
             (shared_->reaper_ended || !reaper_.joinable());
    });
    writer_ended = shared_->writer_ended;
    reaper_ended = shared_->reaper_ended;
  }
  for (const auto& [thread, has_ended] :
       {std::pair{&writer_, writer_ended}, std::pair{&reaper_, reaper_ended}}) {
    if (!thread->joinable()) continue;
    if (has_ended) {
      thread->join();
    } else {
      thread->detach();
    }
  }
}

void Killer::reserve(size_t more) {
  shared_->to_kill.reserve(more);
  shared_->to_reap.reserve(more);
}

void Killer::kill(const std::shared_ptr<Victim>& victim) {
  victim->signal();
  shared_->to_kill.push(victim);
}

}  // namespace spillway
