#ifndef SPILLWAY_TEST_ALLOCATIONS_H_
#define SPILLWAY_TEST_ALLOCATIONS_H_

#include <cstddef>

namespace spillway::test {

// How often this program, in any thread, has allocated by `new` so far.
size_t allocations();

}  // namespace spillway::test

#endif  // SPILLWAY_TEST_ALLOCATIONS_H_
