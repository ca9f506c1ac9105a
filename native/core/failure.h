#ifndef SPILLWAY_CORE_FAILURE_H_
#define SPILLWAY_CORE_FAILURE_H_

#include <variant>

namespace spillway {

// A failed system call as a value: the core throws nothing, and TypeScript
// makes the error that a user sees.
struct Failure {
  int error = 0;          // errno, or kBadContent
  const char* call = "";  // the system call, for the message
  const char* file = "";  // the file's name within its cgroup, if one is meant
};

// The file was read but is not what the kernel documents for it.
inline constexpr int kBadContent = -1;

template <typename T>
using Result = std::variant<T, Failure>;

template <typename T>
const Failure* failure_of(const Result<T>& result) {
  return std::get_if<Failure>(&result);
}

}  // namespace spillway

#endif  // SPILLWAY_CORE_FAILURE_H_
