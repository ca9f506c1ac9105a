#ifndef SPILLWAY_CORE_SAFETY_REST_H_
#define SPILLWAY_CORE_SAFETY_REST_H_

#include <cstdint>

#include "page_allocations.h"

namespace spillway {

// Which safety reads of a watch may be left out: those that could find no
// shortage, for there is not enough memory that was given out since the one
// before.
class SafetyRest {
 public:
  // What else they find - a limit that was changed, an empty cgroup that was
  // removed - is not to wait for ever: every sixteenth is done.
  static constexpr int kMostRests = 15;

  // `room`: how much the watched memory may grow before a look could find
  // anything; 0: the next one is needed.
  void after_look(uint64_t room) {
    room_ = room;
    rests_ = 0;
  }

  // Whether this one may be left out. `given_out`: by the machine, since the
  // last look.
  bool take(uint64_t given_out) {
    if (rests_ == kMostRests || !has_room_left(room_, given_out)) return false;
    ++rests_;
    return true;
  }

 private:
  uint64_t room_ = 0;
  int rests_ = 0;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_SAFETY_REST_H_
