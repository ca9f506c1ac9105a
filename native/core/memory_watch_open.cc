#include <poll.h>

#include <array>
#include <utility>

#include "kernel_file.h"
#include "memory_watch.h"

namespace spillway {

namespace {

constexpr int kOpenTries = 100;
constexpr int kOpenRetryMs = 1;

// The counters at the start. An ordinary file may be half written just now.
Result<EventCounts> first_counts(TriggerFile* file) {
  std::array<char, kFileBufferBytes> buffer;
  for (int attempt = 0; attempt < kOpenTries; ++attempt) {
    const Result<std::string_view> text = file->read(buffer);
    if (const Failure* failure = failure_of(text)) return *failure;
    EventCounts counts;
    switch (parse_memory_events(std::get<std::string_view>(text), &counts)) {
      case Parsed::kOk:
        return counts;
      case Parsed::kMalformed:
        return Failure{kBadContent, "read", file->name()};
      case Parsed::kIncomplete:
        poll(nullptr, 0, kOpenRetryMs);
    }
  }
  return Failure{kBadContent, "read", file->name()};
}

}  // namespace

Result<std::shared_ptr<MemoryWatch>> MemoryWatch::open(
    MemoryWatchOptions options) {
  Result<TriggerFile> events =
      TriggerFile::open(options.directory, options.local ? "memory.events.local"
                                                         : "memory.events");
  if (const Failure* failure = failure_of(events)) return *failure;
  auto& events_file = std::get<TriggerFile>(events);

  std::optional<TriggerFile> populated_file;
  if (events_file.on_cgroup2()) {
    Result<TriggerFile> populated =
        TriggerFile::open(options.directory, "cgroup.events");
    if (const Failure* failure = failure_of(populated)) return *failure;
    populated_file = std::move(std::get<TriggerFile>(populated));
  }

  Result<MemoryFiles> files = MemoryFiles::open(options.directory);
  if (const Failure* failure = failure_of(files)) return *failure;
  const Result<EventCounts> baseline = first_counts(&events_file);
  if (const Failure* failure = failure_of(baseline)) return *failure;

  return std::make_shared<MemoryWatch>(
      Opened{std::move(options), std::move(events_file),
             std::move(populated_file), std::move(std::get<MemoryFiles>(files)),
             std::get<EventCounts>(baseline)});
}

}  // namespace spillway
