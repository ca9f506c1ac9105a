#ifndef SPILLWAY_CORE_PRESSURE_TRIGGER_H_
#define SPILLWAY_CORE_PRESSURE_TRIGGER_H_

#include <cstdint>
#include <string>
#include <vector>

#include "failure.h"
#include "memory_pressure.h"

namespace spillway {

// What a pressure file is asked for: an event when tasks have stalled for
// `stall_us` within a window. kernel/sched/psi.c, psi_trigger_create().
struct PressureTrigger {
  Stall stall = Stall::kFull;
  uint64_t stall_us = 150'000;     // from 1 to window_us
  uint64_t window_us = 1'000'000;  // to 10 s
};

// In the kernel's form: "full 150000 1000000".
std::string trigger_text(const PressureTrigger& trigger);

// The trigger as it is wanted, then what less privileged or older kernels
// take, with the same share of stall: half a second at least (before 6.5), and
// a multiple of 2 s (without CAP_SYS_RESOURCE).
std::vector<PressureTrigger> trigger_ladder(const PressureTrigger& wanted);

// Sets the first trigger of the ladder that the kernel does not refuse with
// EINVAL, and returns it. One descriptor takes one trigger: EBUSY.
Result<PressureTrigger> set_trigger(int fd, const PressureTrigger& wanted);

}  // namespace spillway

#endif  // SPILLWAY_CORE_PRESSURE_TRIGGER_H_
