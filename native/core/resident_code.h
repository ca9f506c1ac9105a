#ifndef SPILLWAY_CORE_RESIDENT_CODE_H_
#define SPILLWAY_CORE_RESIDENT_CODE_H_

#include <cstddef>

namespace spillway {

// Has the code and data of this library (or program, where it is linked into
// one) read into memory, and kept there: code that runs first in a shortage
// would have to be read from disk while memory is short, and pages of files go
// first. Returns how many bytes are kept; where RLIMIT_MEMLOCK is too low they
// are only read, once, and it returns 0. Any thread.
size_t keep_code_resident();

}  // namespace spillway

#endif  // SPILLWAY_CORE_RESIDENT_CODE_H_
