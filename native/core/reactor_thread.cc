// What the reactor's thread does; the rest of the reactor is in reactor.cc.

#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "clock.h"
#include "reactor.h"
#include "resident_code.h"
#include "thread_priority.h"

namespace spillway {

namespace {

constexpr size_t kEventsPerWait = 64;

}  // namespace

void Reactor::run() {
  pthread_setname_np(pthread_self(), "spillway");
  keep_code_resident();
  raise_thread_priority();
  std::array<epoll_event, kEventsPerWait> events;
  for (;;) {
    const int count = epoll_wait(epoll_.get(), events.data(),
                                 static_cast<int>(events.size()), -1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return give_up(errno);
    if (!dispatch(events.data(), static_cast<size_t>(count))) return;
  }
}

bool Reactor::dispatch(const epoll_event* events, size_t count) {
  const int64_t now_ns = monotonic_ns();
  for (size_t index = 0; index < count; ++index) {
    switch (const SourceId id = events[index].data.u64) {
      case kShutdown:
        return false;
      case kTimer:
        look_at_due(now_ns);
        break;
      case kInotify:
        look_at_changed_paths(now_ns);
        break;
      default:
        look(id, Cause::kChange, now_ns, buffer_);
    }
  }
  poke_if_ready();
  return true;
}

void Reactor::look_at_due(int64_t now_ns) {
  scratch_ids_.clear();
  scratch_deadlines_.clear();
  {
    const auto guard = lock();
    uint64_t expirations = 0;
    // Nothing to read: somebody re-armed it meanwhile, which is as good.
    (void)!read(timer_.get(), &expirations, sizeof(expirations));
    const std::optional<uint64_t> given_out = given_out_if_many_due(now_ns);
    int64_t earliest_ns = kNever;
    for (auto& [id, entry] : entries_) {
      if (entry.due_ns <= now_ns) {
        entry.due_ns = next_due(now_ns, entry.source->safety_read_ns());
        if (!rests(&entry, Cause::kSafetyRead, now_ns, given_out)) {
          scratch_ids_.push_back(id);
        }
      }
      earliest_ns = std::min(earliest_ns, entry.due_ns);
      if (entry.source->deadline_ns() <= now_ns &&
          !rests(&entry, Cause::kDeadline, now_ns, given_out)) {
        scratch_deadlines_.push_back(id);  // and the look says what is next
      } else {
        earliest_ns = std::min(earliest_ns, entry.source->deadline_ns());
      }
    }
    armed_for_ns_ = kNever;
    arm_timer(earliest_ns);
  }
  // The lock is taken for each look anew, so that JavaScript does not wait for
  // thousands of them when it starts or stops a watch.
  for (const SourceId id : scratch_ids_)
    look(id, Cause::kSafetyRead, now_ns, buffer_);
  for (const SourceId id : scratch_deadlines_) {
    // The look just before may have killed, and its victim ended since.
    look(id, Cause::kDeadline, monotonic_ns(), buffer_);
  }
}

std::optional<uint64_t> Reactor::given_out_if_many_due(int64_t now_ns) {
  const auto is_due = [now_ns](const auto& each) {
    const Entry& entry = each.second;
    return std::min(entry.due_ns, entry.source->deadline_ns()) <= now_ns;
  };
  const auto due = std::count_if(entries_.begin(), entries_.end(), is_due);
  if (static_cast<size_t>(due) < kManyLooks) return std::nullopt;
  return page_allocations_.read(buffer_);
}

bool Reactor::rests(Entry* entry, Cause cause, int64_t now_ns,
                    std::optional<uint64_t> given_out) {
  const std::optional<uint64_t> before = entry->given_out;
  if (before.has_value() && given_out.has_value() && *before <= *given_out &&
      entry->source->rest(cause, now_ns, *given_out - *before)) {
    return true;
  }
  entry->given_out = given_out;
  return false;
}

void Reactor::look_at_changed_paths(int64_t now_ns) {
  scratch_ids_.clear();
  {
    const auto guard = lock();
    inotify_->drain(buffer_, &scratch_ids_);
  }
  for (const SourceId id : scratch_ids_)
    look(id, Cause::kChange, now_ns, buffer_);
}

void Reactor::look_now(SourceId id) {
  std::array<char, kFileBufferBytes> buffer;
  look(id, Cause::kSafetyRead, monotonic_ns(), buffer);
  poke_if_ready();
}

void Reactor::look(SourceId id, Cause cause, int64_t now_ns,
                   std::span<char> buffer) {
  const auto guard = lock();
  const auto found = entries_.find(id);
  // It may have been removed since the kernel reported its change.
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  const bool tell = entry.source->look(cause, now_ns, buffer);
  arm_timer(entry.source->deadline_ns());
  if (!tell) return;
  if (!std::exchange(entry.ready, true)) ready_.push_back(id);
}

void Reactor::poke_if_ready() {
  {
    const auto guard = lock();
    if (ready_.empty() || std::exchange(poked_, true)) return;
  }
  if (sink_->poke()) return;
  const auto guard = lock();
  poked_ = false;
}

void Reactor::give_up(int error) {
  {
    const auto guard = lock();
    gave_up_ = Failure{error, "epoll_wait"};
    for (auto& [id, entry] : entries_) {
      entry.source->fail(*gave_up_, monotonic_ns());
      if (!std::exchange(entry.ready, true)) ready_.push_back(id);
    }
  }
  poke_if_ready();
}

}  // namespace spillway
