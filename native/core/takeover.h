#ifndef SPILLWAY_CORE_TAKEOVER_H_
#define SPILLWAY_CORE_TAKEOVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kill_choice.h"
#include "killer.h"
#include "memory_usage.h"
#include "shortness.h"
#include "source.h"
#include "victim.h"

namespace spillway {

// What JavaScript wants done in a shortage that it does not relieve in time.
struct Plan {
  std::vector<std::shared_ptr<Victim>> ranked;
  int64_t takeover_ns = 0;        // JavaScript's time for each step
  int64_t victim_timeout_ns = 0;  // for so long one counts as dying
  KillSink* sink = nullptr;       // outlives the victims of the plan
};

// One reading of the files, and what it means.
struct Judgement {
  MemoryUsage usage;
  MemoryLimits limits;
  Shortness shortness;
};

// One victim that the plan has killed. Times are CLOCK_MONOTONIC.
struct PlannedKill {
  VictimId victim = 0;
  int64_t noticed_ns = 0;  // when this shortage was first seen
  int64_t decided_ns = 0;
  int64_t signalled_ns = 0;
  int64_t exited_ns = 0;  // 0: not seen yet
  Judgement judgement;    // what it was decided on
  uint64_t dying_bytes = 0;
  std::optional<uint64_t> freeable;
  std::shared_ptr<Victim> exiting;  // while its end is to be seen
};

enum class ClaimResult : uint8_t {
  kClaimed,
  kTaken,    // somebody else kills it
  kChanged,  // the plan has killed since JavaScript looked
};

// The armed plan of one memory watch: kills in JavaScript's place, one victim
// at a time, while the watch is short and JavaScript does not act. Under the
// reactor's lock.
class Takeover {
 public:
  static constexpr int64_t kNever = INT64_MAX;

  // Native claims are in the name of this watch.
  void set_watch(SourceId watch) { watch_ = watch; }

  // Replaces the plan; a deadline that counts is kept.
  void arm(Plan plan, int64_t now_ns);
  void disarm();
  // Takes a victim out of the plan, which holds nothing of it afterwards.
  void forget(VictimId victim);

  // JavaScript acts, or has done with it: its time begins anew.
  // The number of kills so far: what a claim is to be made with.
  uint64_t lease(int64_t now_ns);
  void release(int64_t now_ns) { restart(now_ns); }
  ClaimResult claim(Victim* victim, uint64_t epoch, int64_t now_ns);

  // What a look of the watch has found.
  void observe(bool is_short, int64_t now_ns);
  // Whether the time is over: act() is to be called, or observe().
  bool due(int64_t now_ns) const { return deadline_ns_ <= now_ns; }
  // Takes down who is dying, and what they hold: to be called when it is due.
  // Kills what those have left behind that ended by themselves.
  // True when a judgement of before is of no use: what they have given back
  // since would be in neither, and the next one would die for it.
  bool note_dying(int64_t now_ns, std::span<char> buffer);
  // Carries out the next step on a judgement that is short, with what was noted
  // before that was made. Does not allocate. True when a victim was killed.
  bool act(const Judgement& judgement, int64_t now_ns, std::span<char> buffer);
  // The judgement could not be made: JavaScript's time begins anew.
  void put_off(int64_t now_ns);

  // Notes which of its victims have ended.
  void look_for_exits(int64_t now_ns);

  // When the watch is to look next for the plan's sake.
  int64_t deadline_ns() const;

  size_t kill_count() const { return arms_ == nullptr ? 0 : arms_->log.size(); }
  std::vector<PlannedKill> take_kills(int64_t now_ns);

 private:
  void restart(int64_t now_ns);
  bool is_recent(int64_t since_ns, int64_t now_ns) const;
  // One that was killed and has not ended.
  bool is_waiting_for_one(int64_t now_ns) const;
  void list_entries(uint64_t min_bytes, int64_t now_ns, std::span<char> buffer);
  void kill(size_t index, const Judgement& judgement, uint64_t dying,
            int64_t now_ns);

  // What a watch without a plan has no need of. Room is made when the plan is
  // armed.
  struct Arms {
    Plan plan;
    std::vector<KillEntry> entries;
    std::vector<PlannedKill> log;
  };

  SourceId watch_ = 0;
  bool armed_ = false;
  bool waits_ = false;            // as noted: for one that was killed
  std::unique_ptr<Arms> arms_;    // since it was first armed
  int64_t short_since_ns_ = 0;    // 0: not short
  int64_t deadline_ns_ = kNever;  // kNever: not counting
  int64_t exits_ns_ = kNever;     // when to look for exits
  uint64_t epoch_ = 0;
  uint64_t dying_bytes_ = 0;  // as noted
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_TAKEOVER_H_
