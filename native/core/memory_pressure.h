#ifndef SPILLWAY_CORE_MEMORY_PRESSURE_H_
#define SPILLWAY_CORE_MEMORY_PRESSURE_H_

#include <cstdint>
#include <string_view>

#include "flat_keyed.h"

namespace spillway {

// Which of the two stalls: some task waits for memory, or all that could run.
enum class Stall : uint8_t { kSome, kFull };

// How long tasks have waited for memory in all, in microseconds: `total` of
// the two lines. Cumulative, and up to date at each read (the averages are
// made every 2 s only, and not read here).
struct PressureTotals {
  uint64_t some_us = 0;
  uint64_t full_us = 0;

  uint64_t of(Stall stall) const {
    return stall == Stall::kSome ? some_us : full_us;
  }
};

// Reads the content of memory.pressure or /proc/pressure/memory:
//   some avg10=0.00 avg60=0.00 avg300=0.00 total=0
//   full avg10=0.00 avg60=0.00 avg300=0.00 total=0
// Lines of another name and fields other than `total` are ignored.
Parsed parse_memory_pressure(std::string_view text, PressureTotals* totals);

}  // namespace spillway

#endif  // SPILLWAY_CORE_MEMORY_PRESSURE_H_
