#ifndef SPILLWAY_TEST_PROBE_SOURCE_H_
#define SPILLWAY_TEST_PROBE_SOURCE_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "recording_sink.h"
#include "source.h"

namespace spillway::test {

inline constexpr int64_t kMillisecondNs = 1'000'000;
inline constexpr int64_t kHourNs = int64_t{3600} * 1'000'000'000;

// A source that counts what the reactor asks of it.
class ProbeSource : public Source {
 public:
  using Look = std::function<bool(Cause, int64_t now_ns)>;

  // Looks every `safety_read_ns`, and at changes of `path` where one is given.
  explicit ProbeSource(int64_t safety_read_ns, std::string path = {})
      : safety_read_ns_(safety_read_ns), path_(std::move(path)) {}

  // Set before it is added: what a look does, and whether it tells.
  Look on_look = [](Cause, int64_t) { return false; };
  std::optional<Failure> attach_failure;
  // The same of what it answers when it may rest; nothing: it needs each look.
  std::function<bool(Cause, uint64_t given_out)> on_rest;

  int64_t safety_read_ns() const override { return safety_read_ns_; }

  std::optional<Failure> attach(SourceId id, Registrar* registrar) override {
    if (!path_.empty()) {
      if (const auto failure = registrar->watch_path(id, path_)) return failure;
    }
    return attach_failure;
  }

  bool look(Cause cause, int64_t now_ns, std::span<char> /*buffer*/) override {
    const bool tell = on_look(cause, now_ns);
    {
      const std::lock_guard guard(mutex_);
      ++looks_;
    }
    looked_.notify_all();
    return tell;
  }

  bool rest(Cause cause, int64_t /*now_ns*/, uint64_t given_out) override {
    return on_rest && on_rest(cause, given_out);
  }

  void fail(const Failure& failure, int64_t /*now_ns*/) override {
    const std::lock_guard guard(mutex_);
    failure_ = failure;
  }

  int looks() const {
    const std::lock_guard guard(mutex_);
    return looks_;
  }

  bool wait_for_looks(int count) {
    std::unique_lock guard(mutex_);
    return looked_.wait_for(guard, kGenerously,
                            [&] { return looks_ >= count; });
  }

  std::optional<Failure> failure() const {
    const std::lock_guard guard(mutex_);
    return failure_;
  }

 private:
  const int64_t safety_read_ns_;
  const std::string path_;
  mutable std::mutex mutex_;
  std::condition_variable looked_;
  int looks_ = 0;
  std::optional<Failure> failure_;
};

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_PROBE_SOURCE_H_
