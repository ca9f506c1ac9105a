#ifndef SPILLWAY_CORE_REACTOR_H_
#define SPILLWAY_CORE_REACTOR_H_

#include <sys/epoll.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "failure.h"
#include "inotify.h"
#include "kernel_file.h"
#include "optional_bytes.h"
#include "page_allocations.h"
#include "source.h"
#include "unique_fd.h"

namespace spillway {

// Is told that sources have something to hand over.
class Sink {
 public:
  // Any thread. Must not block: the reactor is never to wait for JavaScript.
  // Not called again before the next take_ready(), unless it returned false:
  // the message did not get through.
  virtual bool poke() = 0;

 protected:
  ~Sink() = default;
};

// One thread and one flat epoll that look after every watch of an environment.
// Three descriptors, one more once an ordinary file is watched, and one once
// there are many watches.
class Reactor final : private Registrar {
 public:
  // Where so many looks are due at once, a look at the whole machine (some 50
  // us) is worth those that it may spare.
  static constexpr size_t kManyLooks = 64;

  // `proc`: where the machine's files are.
  static Result<std::unique_ptr<Reactor>> start(
      Sink* sink, const std::string& proc = "/proc");

  // Stops and joins the thread. Any thread but the reactor's.
  ~Reactor();

  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;

  // Any thread. After remove() returns the source is not looked at again.
  Result<SourceId> add(std::shared_ptr<Source> source);
  void remove(SourceId id);

  // Any thread. A safety read out of turn, done when it returns.
  void look_now(SourceId id);

  // Any thread. To be called when a source's deadline may have moved, other
  // than by a look.
  void reschedule(SourceId id);

  // Any thread. Sources that asked to be heard since the last call.
  std::vector<SourceId> take_ready();

  // Any thread. While held, no source is looked at, so its state may be read.
  std::unique_lock<std::mutex> lock() {
    return std::unique_lock<std::mutex>(mutex_);
  }

 private:
  static constexpr int64_t kNever = INT64_MAX;

  // Ids below kFirstSource name the reactor's own descriptors.
  static constexpr SourceId kShutdown = 0;
  static constexpr SourceId kTimer = 1;
  static constexpr SourceId kInotify = 2;
  static constexpr SourceId kFirstSource = 16;
  static constexpr size_t kMostFds = 2;

  struct Entry {
    std::shared_ptr<Source> source;
    int64_t due_ns = 0;
    // What the machine had given out before the last timed look; if known.
    OptionalBytes given_out;
    // Of the source's own, in the epoll set; -1: none.
    std::array<int, kMostFds> fds{-1, -1};
    bool ready = false;
  };

  Reactor(Sink* sink, const std::string& proc)
      : sink_(sink), page_allocations_(proc) {}

  std::optional<Failure> watch_kernfs(SourceId id, int fd) override;
  std::optional<Failure> watch_process(SourceId id, int pidfd) override;
  std::optional<Failure> watch_path(SourceId id,
                                    const std::string& path) override;
  std::optional<Failure> watch_fd(SourceId id, int fd, uint32_t event);
  std::optional<Failure> listen(int fd, uint32_t events, SourceId id);

  void run();
  // All below: reactor thread only.
  bool dispatch(const epoll_event* events, size_t count);
  void look_at_due(int64_t now_ns);
  void look_at_changed_paths(int64_t now_ns);
  void give_up(int error);

  // Any thread.
  void look(SourceId id, Cause cause, int64_t now_ns, std::span<char> buffer);
  void poke_if_ready();

  // Any thread. Never used again in this process: an id that outlives its
  // reactor must not name a source of the next one.
  static SourceId next_id();
  // Any thread. Due times lie on a grid of the interval, so that watches with
  // equal intervals share a wake-up however many they are.
  static int64_t next_due(int64_t now_ns, int64_t interval_ns);

  // Any thread, under the lock.
  std::optional<uint64_t> given_out_if_many_due(int64_t now_ns);
  static bool rests(Entry* entry, Cause cause, int64_t now_ns,
                    std::optional<uint64_t> given_out);
  void drop(SourceId id);
  void arm_timer(int64_t due_ns);

  Sink* const sink_;  // any thread

  UniqueFd epoll_;     // any thread (the kernel locks it)
  UniqueFd shutdown_;  // any thread
  UniqueFd timer_;     // any thread

  std::mutex mutex_;
  // Under the lock:
  std::unordered_map<SourceId, Entry> entries_;
  std::vector<SourceId> ready_;
  int64_t armed_for_ns_ = kNever;
  bool poked_ = false;
  std::optional<Failure> gave_up_;  // the thread has ended
  std::unique_ptr<Inotify> inotify_;

  // Reactor thread only: scratch space, kept so that the hot path allocates
  // nothing.
  std::array<char, kFileBufferBytes> buffer_;
  PageAllocations page_allocations_;
  std::vector<SourceId> scratch_ids_;
  std::vector<SourceId> scratch_deadlines_;

  std::thread thread_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_REACTOR_H_
