#ifndef SPILLWAY_CORE_CALL_FILTER_H_
#define SPILLWAY_CORE_CALL_FILTER_H_

#include <initializer_list>

namespace spillway {

// Whether this thread may make these system calls without its process being
// ended for one, as a filter may have it (seccomp; systemd's
// SystemCallFilter=). Where there is one, a child tries them, each with a first
// argument of -1: a fork, so not in a shortage.
bool passes_filter(std::initializer_list<long> calls);

}  // namespace spillway

#endif  // SPILLWAY_CORE_CALL_FILTER_H_
