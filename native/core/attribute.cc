#include "attribute.h"

#include <linux/limits.h>
#include <sys/xattr.h>

#include <array>
#include <cerrno>

namespace spillway {

Result<std::optional<std::string>> read_attribute(const std::string& path,
                                                  const std::string& name) {
  // As large as a value can be: asking for its size first would race with
  // whoever writes a longer one.
  std::array<char, XATTR_SIZE_MAX> buffer;
  const ssize_t size =
      getxattr(path.c_str(), name.c_str(), buffer.data(), buffer.size());
  if (size >= 0) return std::string(buffer.data(), static_cast<size_t>(size));
  // ENOTSUP is the same number.
  if (errno == ENODATA || errno == EOPNOTSUPP) return std::nullopt;
  return Failure{errno, "getxattr"};
}

std::optional<Failure> write_attribute(const std::string& path,
                                       const std::string& name,
                                       const std::string& value) {
  if (setxattr(path.c_str(), name.c_str(), value.data(), value.size(), 0) < 0) {
    return Failure{errno, "setxattr"};
  }
  return std::nullopt;
}

}  // namespace spillway
