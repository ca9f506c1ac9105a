// Where a memory watch looks for the sake of its armed plan.

#include <algorithm>

#include "memory_watch.h"

namespace spillway {

int64_t MemoryWatch::deadline_ns() const {
  if (retired_) return kNoDeadline;
  return std::min(doubt_look_ns_, takeover_.deadline_ns());
}

bool MemoryWatch::look_at_deadline(int64_t now_ns, std::span<char> buffer) {
  takeover_.look_for_exits(now_ns);
  if (doubt_look_ns_ <= now_ns) {
    return judge(Cause::kDeadline, /*grew=*/false, now_ns, buffer);
  }
  if (!takeover_.due(now_ns)) return false;
  // Fresh, before every single victim; and once short, it is short until the
  // whole buffer is free.
  sample(/*was_short=*/true, buffer);
  const bool killed = short_ && take_over_if_due(now_ns, buffer);
  if (short_) return killed;
  takeover_.observe(false, now_ns);
  return true;
}

bool MemoryWatch::take_over_if_due(int64_t now_ns, std::span<char> buffer) {
  if (!takeover_.due(now_ns)) return false;
  if (takeover_.note_dying(now_ns, buffer)) {
    sample(/*was_short=*/true, buffer);
    if (!short_) {
      takeover_.observe(false, now_ns);
      return false;
    }
  }
  // Files that do not tell kill nobody.
  if (!report_.shortness.is_short) {
    takeover_.put_off(now_ns);
    return false;
  }
  const bool killed = takeover_.act(
      {report_.usage, report_.limits, report_.shortness}, now_ns, buffer);
  if (killed) report_.breach = true;
  return killed;
}

}  // namespace spillway
