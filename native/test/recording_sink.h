#ifndef SPILLWAY_TEST_RECORDING_SINK_H_
#define SPILLWAY_TEST_RECORDING_SINK_H_

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>

#include "reactor.h"

namespace spillway::test {

// How long a test waits for what must come. Only a broken core waits it out.
inline constexpr std::chrono::seconds kGenerously{60};

class RecordingSink final : public Sink {
 public:
  bool poke() override {
    {
      const std::lock_guard guard(mutex_);
      ++pokes_;
    }
    poked_.notify_all();
    return true;
  }

  int pokes() const {
    const std::lock_guard guard(mutex_);
    return pokes_;
  }

  bool wait_for_pokes(int count) {
    std::unique_lock guard(mutex_);
    return poked_.wait_for(guard, kGenerously, [&] { return pokes_ >= count; });
  }

  // Takes what is ready at each poke, until `done` (called under the reactor's
  // lock) is satisfied.
  bool take_until(Reactor* reactor, const std::function<bool()>& done) {
    for (;;) {
      const int before = pokes();
      reactor->take_ready();
      {
        const auto guard = reactor->lock();
        if (done()) return true;
      }
      if (!wait_for_pokes(before + 1)) return false;
    }
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable poked_;
  int pokes_ = 0;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_RECORDING_SINK_H_
