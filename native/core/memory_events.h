#ifndef SPILLWAY_CORE_MEMORY_EVENTS_H_
#define SPILLWAY_CORE_MEMORY_EVENTS_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "failure.h"
#include "flat_keyed.h"

namespace spillway {

// Keys of memory.events that Spillway knows, in the order of the file
// (mm/memcontrol.c, __memory_events_show). Others are ignored.
enum EventKey : uint8_t {
  kLow,
  kHigh,
  kMax,
  kOom,
  kOomKill,
  kOomGroupKill,
  kEventKeyCount,
};

inline constexpr std::array<std::string_view, kEventKeyCount> kEventKeyNames = {
    "low", "high", "max", "oom", "oom_kill", "oom_group_kill"};

// A set of keys, one bit each.
using EventKeySet = uint8_t;
constexpr EventKeySet key_bit(EventKey key) {
  return static_cast<EventKeySet>(1U << key);
}

struct EventCounts {
  std::array<uint64_t, kEventKeyCount> counts{};
  EventKeySet present =
      0;  // keys that the file has; oom_group_kill came in 5.17

  uint64_t operator[](EventKey key) const { return counts[key]; }
};

// Reads memory.events or memory.events.local.
Parsed parse_memory_events(std::string_view text, EventCounts* events);

// Opens and reads a cgroup's memory.events once.
Result<EventCounts> read_memory_events(const std::string& directory,
                                       std::span<char> buffer);

// Whether a later reading of the same file fell behind an earlier one.
bool has_shrunk(const EventCounts& before, const EventCounts& after);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_EVENTS_H_
