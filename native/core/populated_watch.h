#ifndef SPILLWAY_CORE_POPULATED_WATCH_H_
#define SPILLWAY_CORE_POPULATED_WATCH_H_

#include <memory>
#include <optional>
#include <string>

#include "failure.h"
#include "source.h"
#include "trigger_file.h"

namespace spillway {

struct PopulatedReport {
  bool populated = true;  // until the file says otherwise
  bool removed = false;
  std::optional<Failure> failure;
};

// Watches whether a cgroup holds live processes. One descriptor. Under the
// reactor's lock once added.
class PopulatedWatch final : public Source {
 public:
  static Result<std::shared_ptr<PopulatedWatch>> open(
      const std::string& directory, int64_t safety_read_ns);

  PopulatedReport take() const { return report_; }

  int64_t safety_read_ns() const override { return safety_read_ns_; }
  std::optional<Failure> attach(SourceId id, Registrar* registrar) override;
  bool look(Cause cause, int64_t now_ns, std::span<char> buffer) override;
  void fail(const Failure& failure, int64_t now_ns) override;

 private:
  PopulatedWatch(TriggerFile file, int64_t safety_read_ns);

  bool set_failure(const Failure& failure);

  TriggerFile file_;
  const int64_t safety_read_ns_;
  PopulatedReport report_;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_POPULATED_WATCH_H_
