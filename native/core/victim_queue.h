#ifndef SPILLWAY_CORE_VICTIM_QUEUE_H_
#define SPILLWAY_CORE_VICTIM_QUEUE_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "victim.h"

namespace spillway {

// Victims that wait for one thread. Any thread.
class VictimQueue {
 public:
  // Room for so many more, so that push() need not allocate.
  void reserve(size_t more);

  // A victim that waits already is not queued twice, which bounds the queue.
  void push(const std::shared_ptr<Victim>& victim);

  // Waits for the next one; null when the queue is closed and empty.
  std::shared_ptr<Victim> pop();

  void close();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  // Under the lock:
  std::vector<std::shared_ptr<Victim>> waiting_;
  bool closed_ = false;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_VICTIM_QUEUE_H_
