#include "stall_window.h"

#include <algorithm>

namespace spillway {

uint64_t StallWindow::observe(int64_t now_ns, uint64_t total_us) {
  uint64_t grown = 0;
  for (const Note& note : notes_) {
    if (now_ns - note.at_ns > window_ns_ || total_us < note.total_us) continue;
    grown = std::max(grown, total_us - note.total_us);
  }
  // Not more often than the notes can cover a whole window.
  if (now_ns - newest_ns_ >= window_ns_ / static_cast<int64_t>(kNotes)) {
    notes_[next_] = Note{now_ns, total_us};
    next_ = (next_ + 1) % kNotes;
    newest_ns_ = now_ns;
  }
  return grown;
}

}  // namespace spillway
