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
  return report_.failure;
}

bool PopulatedWatch::look(Cause /*cause*/, int64_t /*now_ns*/,
                          std::span<char> buffer) {
  if (report_.removed) return false;
  const Result<std::string_view> text = file_.read(buffer);
  if (const Failure* failure = failure_of(text)) {
    if (failure->error == ENODEV) {
      report_.populated = false;
      report_.removed = true;
      return true;
    }
    const bool known = report_.failure.has_value();
    report_.failure = *failure;
    return !known;
  }
  bool populated = report_.populated;
  if (parse_populated(std::get<std::string_view>(text), &populated) !=
      Parsed::kOk) {
    return false;
  }
  report_.failure.reset();
  return std::exchange(report_.populated, populated) != populated;
}

void PopulatedWatch::fail(const Failure& failure, int64_t /*now_ns*/) {
  report_.failure = failure;
}

}  // namespace spillway
