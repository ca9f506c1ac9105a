#include "victim_queue.h"

#include <algorithm>
#include <utility>

namespace spillway {

void VictimQueue::reserve(size_t more) {
  const std::lock_guard guard(mutex_);
  waiting_.reserve(waiting_.size() + more);
}

void VictimQueue::push(const std::shared_ptr<Victim>& victim) {
  {
    const std::lock_guard guard(mutex_);
    const auto found = std::find(waiting_.begin(), waiting_.end(), victim);
    if (found != waiting_.end()) return;
    waiting_.push_back(victim);
  }
  changed_.notify_one();
}

std::shared_ptr<Victim> VictimQueue::pop() {
  std::unique_lock guard(mutex_);
  changed_.wait(guard, [this] { return closed_ || !waiting_.empty(); });
  if (waiting_.empty()) return nullptr;
  std::shared_ptr<Victim> first = std::move(waiting_.front());
  waiting_.erase(waiting_.begin());
  return first;
}

void VictimQueue::close() {
  {
    const std::lock_guard guard(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

}  // namespace spillway
