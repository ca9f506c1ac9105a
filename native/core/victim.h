#ifndef SPILLWAY_CORE_VICTIM_H_
#define SPILLWAY_CORE_VICTIM_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "failure.h"
#include "memory_usage.h"
#include "source.h"
#include "unique_fd.h"

namespace spillway {

// Never used again in this process.
using VictimId = uint64_t;

// One worker that may be killed, with all that this takes held open: when
// memory is short, there may be no descriptor left. Up to five descriptors.
class Victim {
 public:
  enum class Life : uint8_t { kNotStarted, kAlive, kEnded };
  enum class Claimant : uint8_t { kNobody, kJavaScript, kNative };

  struct Claim {
    Claimant by = Claimant::kNobody;
    SourceId watch = 0;  // whose plan it was, if native
    int64_t at_ns = 0;   // CLOCK_MONOTONIC; 0: only just
  };

  // Opens the worker's leaf. A leaf without memory.stat has an unknown size;
  // one without cgroup.kill is a failure.
  static Result<std::shared_ptr<Victim>> open(const std::string& directory);

  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;

  VictimId id() const { return id_; }

  // Keeps a duplicate of its main process's pidfd; until then it has not
  // started. One thread, once: EALREADY after that.
  std::optional<Failure> hold(int pidfd);

  // All below: any thread.

  // True for one caller, ever: the one who may, and has to, kill it.
  bool claim_for_javascript(int64_t now_ns);
  bool claim_for_watch(SourceId watch, int64_t now_ns);
  Claim claim() const;
  // The same for what it has left behind when it ended by itself: nothing is
  // chosen by that, so it needs no claim.
  bool take_leftovers(int64_t now_ns);

  // Looks whether its main process has ended; the first look that finds it
  // so notes `now_ns`.
  Life life(int64_t now_ns);
  // When its end was seen, 0 if it was not.
  int64_t ended_ns() const { return ended_ns_; }
  // Since when all of it may be expected to go, if at all: its main process may
  // have ended, and its descendants not yet.
  int64_t dying_since_ns() const;

  // Bytes that its death gives back: anonymous memory and swap.
  std::optional<uint64_t> freeable(std::span<char> buffer) const;
  // What one that is dying has yet to give back. More than that: the kernel
  // takes pages off the anonymous memory when it unmaps them, and gives them
  // back later, up to 10,000 at a time (mm/mmu_gather.c). A need that they
  // cover is nobody else's death.
  uint64_t dying(std::span<char> buffer) const;

  // SIGKILL to the main process. Does not block.
  void signal() const;
  // Writes cgroup.kill, which kills all processes of the leaf. May wait 11 ms
  // and more for the kernel's cgroup_mutex.
  void kill_leaf();
  // Takes the dying main process's memory, in the caller's time.
  void release_memory() const;
  // Why the last kill_leaf() did nothing, if it did not. A leaf that is gone
  // is no failure.
  std::optional<Failure> last_failure() const;

 private:
  // claimant_ is one of these or a watch's id: one word, so that one
  // compare-and-swap decides.
  static constexpr SourceId kNobody = 0;
  static constexpr SourceId kJavaScript = 1;

  Victim(UniqueFd kill, UniqueFd current, UniqueFd stat, UniqueFd swap)
      : kill_(std::move(kill)),
        current_(std::move(current)),
        stat_(std::move(stat)),
        swap_(std::move(swap)) {}

  // Reads memory.stat and the swap into the fields that they have.
  void read_sizes(std::span<char> buffer, MemoryUsage* usage) const;

  bool claim_for(SourceId claimant, int64_t now_ns);
  static VictimId next_id();

  const VictimId id_ = next_id();
  const UniqueFd kill_;     // any thread
  const UniqueFd current_;  // any thread; not valid: the file is missing
  const UniqueFd stat_;     // any thread; not valid: the file is missing
  const UniqueFd swap_;     // any thread; not valid: the file is missing
  UniqueFd own_pidfd_;      // the thread that calls hold()
  // Any thread:
  std::atomic<int> pidfd_{-1};
  std::atomic<SourceId> claimant_{kNobody};
  std::atomic<int64_t> claimed_ns_{0};
  std::atomic<int64_t> ended_ns_{0};
  std::atomic<int64_t> leftovers_ns_{0};
  std::atomic<int> kill_error_{0};
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_VICTIM_H_
