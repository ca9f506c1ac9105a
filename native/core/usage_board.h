#ifndef SPILLWAY_CORE_USAGE_BOARD_H_
#define SPILLWAY_CORE_USAGE_BOARD_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "flat_keyed.h"

namespace spillway {

// Where the last sample of a usage watch is published: memory of somebody else,
// who reads it at any time and keeps it for as long as the watch is looked at.
// The other side, and the layout's twin, is lib/accounting/usage-board.ts.
//
// Each field is stored by itself, in the total order of JavaScript's Atomics.
// Whoever sees the verdict of a sample sees its figures, or those of a later
// one.
class UsageBoard {
 public:
  struct Layout {
    int32_t is_slow;  // 0: there is room
    int32_t unused;
    int64_t used;        // bytes
    int64_t sampled_ns;  // CLOCK_MONOTONIC
    int64_t limit;       // bytes; 2^53 - 1: there is none
  };

  explicit UsageBoard(Layout* memory) : memory_(memory) {}

  void publish(uint64_t used, uint64_t limit, bool is_slow,
               int64_t sampled_ns) const {
    store(&memory_->limit, static_cast<int64_t>(std::min(limit, kSaturated)));
    store(&memory_->used, static_cast<int64_t>(std::min(used, kSaturated)));
    store(&memory_->sampled_ns, sampled_ns);
    store(&memory_->is_slow, is_slow ? 1 : 0);
  }

 private:
  template <typename T>
  static void store(T* field, T value) {
    static_assert(std::atomic_ref<T>::is_always_lock_free);
    std::atomic_ref<T>(*field).store(value);
  }

  Layout* const memory_;
};

static_assert(sizeof(UsageBoard::Layout) == 32 &&
              offsetof(UsageBoard::Layout, used) == 8 &&
              offsetof(UsageBoard::Layout, sampled_ns) == 16 &&
              offsetof(UsageBoard::Layout, limit) == 24);

}  // namespace spillway

#endif  // SPILLWAY_CORE_USAGE_BOARD_H_
