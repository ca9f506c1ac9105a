#ifndef SPILLWAY_CORE_PROCESS_WATCH_H_
#define SPILLWAY_CORE_PROCESS_WATCH_H_

#include <memory>
#include <optional>
#include <utility>

#include "failure.h"
#include "source.h"
#include "unique_fd.h"

namespace spillway {

struct ProcessReport {
  bool ended = false;
  std::optional<Failure> failure;  // its end will not be told
};

// Tells once that a process has ended, which may be before the watch begins.
// One descriptor. Under the reactor's lock once added.
class ProcessWatch final : public Source {
 public:
  // Takes a duplicate: the caller's pidfd stays his, to be closed at any time.
  static Result<std::shared_ptr<ProcessWatch>> open(int pidfd);

  ProcessReport take() const { return report_; }

  int64_t safety_read_ns() const override { return kNoSafetyRead; }
  std::optional<Failure> attach(SourceId id, Registrar* registrar) override;
  bool look(Cause cause, int64_t now_ns, std::span<char> buffer) override;
  void fail(const Failure& failure, int64_t now_ns) override;

 private:
  explicit ProcessWatch(UniqueFd pidfd) : pidfd_(std::move(pidfd)) {}

  const UniqueFd pidfd_;
  ProcessReport report_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_PROCESS_WATCH_H_
