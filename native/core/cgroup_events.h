#ifndef SPILLWAY_CORE_CGROUP_EVENTS_H_
#define SPILLWAY_CORE_CGROUP_EVENTS_H_

#include <string_view>

#include "flat_keyed.h"

namespace spillway {

// Reads `populated` of cgroup.events: whether a live process is in the cgroup
// or below it.
Parsed parse_populated(std::string_view text, bool* populated);

}  // namespace spillway

#endif  // SPILLWAY_CORE_CGROUP_EVENTS_H_
