#include "memory_events.h"

#include <algorithm>

#include "kernel_file.h"

namespace spillway {

Parsed parse_memory_events(std::string_view text, EventCounts* events) {
  const Parsed complete = check_complete(text);
  if (complete != Parsed::kOk) return complete;
  EventCounts found;
  while (!text.empty()) {
    FlatKeyedLine line;
    if (!next_flat_keyed_line(&text, &line)) return Parsed::kMalformed;
    const auto* name =
        std::find(kEventKeyNames.begin(), kEventKeyNames.end(), line.key);
    if (name == kEventKeyNames.end()) continue;
    const auto key = static_cast<EventKey>(name - kEventKeyNames.begin());
    found.counts[key] = line.value;
    found.present |= key_bit(key);
  }
  if (found.present == 0) return Parsed::kMalformed;
  *events = found;
  return Parsed::kOk;
}

Result<EventCounts> read_memory_events(const std::string& directory,
                                       std::span<char> buffer) {
  constexpr const char* kName = "memory.events";
  const Result<UniqueFd> fd = open_file(directory, kName);
  if (const Failure* failure = failure_of(fd)) return *failure;
  const Result<std::string_view> text =
      read_file(std::get<UniqueFd>(fd).get(), buffer);
  if (const Failure* failure = failure_of(text)) return *failure;
  EventCounts counts;
  if (parse_memory_events(std::get<std::string_view>(text), &counts) !=
      Parsed::kOk) {
    return Failure{kBadContent, "read", kName};
  }
  return counts;
}

bool has_shrunk(const EventCounts& before, const EventCounts& after) {
  for (size_t key = 0; key < kEventKeyCount; ++key) {
    if (after.counts[key] < before.counts[key]) return true;
  }
  return false;
}

}  // namespace spillway
