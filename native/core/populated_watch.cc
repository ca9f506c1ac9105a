#include "populated_watch.h"

#include <array>
#include <cerrno>
#include <utility>

#include "cgroup_events.h"
#include "kernel_file.h"

namespace spillway {

PopulatedWatch::PopulatedWatch(TriggerFile file, int64_t safety_read_ns)
    : file_(std::move(file)), safety_read_ns_(safety_read_ns) {}

Result<std::shared_ptr<PopulatedWatch>> PopulatedWatch::open(
    const std::string& directory, int64_t safety_read_ns) {
  Result<TriggerFile> file = TriggerFile::open(directory, "cgroup.events");
  if (const Failure* failure = failure_of(file)) return *failure;
  return std::shared_ptr<PopulatedWatch>(new PopulatedWatch(
      std::move(std::get<TriggerFile>(file)), safety_read_ns));
}

std::optional<Failure> PopulatedWatch::attach(SourceId id,
                                              Registrar* registrar) {
  if (const auto failure = file_.attach(id, registrar)) return failure;
  std::array<char, kFileBufferBytes> buffer;
  look(Cause::kSafetyRead, 0, buffer);
  if (report_.removed) return Failure{ENODEV, "pread", file_.name()};
  return report_.failure;
}

bool PopulatedWatch::look(Cause cause, int64_t /*now_ns*/,
                          std::span<char> buffer) {
  if (report_.removed) return false;
  const Result<std::string_view> text = file_.read(buffer);
  if (const Failure* failure = failure_of(text)) {
    if (failure->error != ENODEV) return set_failure(*failure);
    // An ordinary file may be deleted to be written anew.
    if (!file_.on_cgroup2() && cause == Cause::kChange) return false;
    report_.populated = false;
    report_.removed = true;
    return true;
  }
  bool populated = report_.populated;
  switch (parse_populated(std::get<std::string_view>(text), &populated)) {
    case Parsed::kMalformed:
      return set_failure(Failure{kBadContent, "pread", file_.name()});
    case Parsed::kIncomplete:
      return false;
    case Parsed::kOk:
      break;
  }
  const bool recovered = std::exchange(report_.failure, {}).has_value();
  const bool changed = std::exchange(report_.populated, populated) != populated;
  return changed || recovered;
}

bool PopulatedWatch::set_failure(const Failure& failure) {
  return !std::exchange(report_.failure, failure).has_value();
}

void PopulatedWatch::fail(const Failure& failure, int64_t /*now_ns*/) {
  report_.failure = failure;
}

}  // namespace spillway
