#ifndef SPILLWAY_CORE_KILLER_H_
#define SPILLWAY_CORE_KILLER_H_

#include <functional>
#include <memory>
#include <thread>

#include "failure.h"
#include "victim.h"

namespace spillway {

// What carries out a kill.
class KillSink {
 public:
  // Any thread, also under the reactor's lock: does not block.
  virtual void kill(const std::shared_ptr<Victim>& victim) = 0;

 protected:
  ~KillSink() = default;
};

// Kills at once, and cleans up in two threads of its own: one writes
// cgroup.kill, which waits for the kernel's cgroup_mutex; the other has the
// kernel take the memory of the dying, which may wait for their locks.
class Killer final : public KillSink {
 public:
  using Reap = std::function<void(const Victim&)>;

  // Both threads start here: at the moment of a kill there may be no memory
  // for them.
  static Result<std::unique_ptr<Killer>> start(
      Reap reap = [](const Victim& victim) { victim.release_memory(); });

  // Lets the threads finish what is queued, for a second at most. One that is
  // stuck in the kernel then goes on by itself and ends when it can: all that
  // it uses is its own.
  ~Killer();

  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  // Any thread. Room for so many more, so that kill() need not allocate.
  void reserve(size_t more);

  // SIGKILL now, the rest soon. May be repeated: a process that enters the
  // leaf after cgroup.kill was written lives.
  void kill(const std::shared_ptr<Victim>& victim) override;

 private:
  struct Shared;

  explicit Killer(Reap reap);

  const std::shared_ptr<Shared> shared_;  // any thread
  std::thread writer_;
  std::thread reaper_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_KILLER_H_
