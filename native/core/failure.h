#ifndef SPILLWAY_CORE_FAILURE_H_
#define SPILLWAY_CORE_FAILURE_H_

#include <cstddef>
#include <variant>

namespace spillway {

// A failed system call as a value: the core throws nothing, and TypeScript
// makes the error that a user sees.
struct Failure {
  int error = 0;          // errno, or kBadContent
  const char* call = "";  // the system call, for the message
  const char* file = "";  // the file's name within its cgroup, if one is meant
  size_t level = 0;       // whose: 0 is the cgroup itself, 1 its parent...
};

// The file was read but is not what the kernel documents for it.
inline constexpr int kBadContent = -1;

// It ends before its last newline: a writer of an ordinary file may be half
// way. The kernel's files are never so.
inline constexpr int kCutContent = -2;

template <typename T>
using Result = std::variant<T, Failure>;

template <typename T>
const Failure* failure_of(const Result<T>& result) {
  return std::get_if<Failure>(&result);
}

}  // namespace spillway

#endif  // SPILLWAY_CORE_FAILURE_H_
