#ifndef SPILLWAY_CORE_ATTRIBUTE_H_
#define SPILLWAY_CORE_ATTRIBUTE_H_

#include <optional>
#include <string>

#include "failure.h"

namespace spillway {

// The extended attribute NAME of PATH. Nothing where it is not set, or where
// the file system has none: cgroup v2 takes user.* since Linux 5.7.
Result<std::optional<std::string>> read_attribute(const std::string& path,
                                                  const std::string& name);

// Sets it, whether or not it was there. At most 64 KiB, the kernel's own limit.
std::optional<Failure> write_attribute(const std::string& path,
                                       const std::string& name,
                                       const std::string& value);

}  // namespace spillway

#endif  // SPILLWAY_CORE_ATTRIBUTE_H_
