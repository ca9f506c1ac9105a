#include "kernel_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include <cerrno>

namespace spillway {

namespace {

bool is_of_kernel(const struct statfs& info) {
  return info.f_type == CGROUP2_SUPER_MAGIC ||
         info.f_type == CGROUP_SUPER_MAGIC || info.f_type == PROC_SUPER_MAGIC;
}

}  // namespace

Result<UniqueFd> open_file(const std::string& directory, const char* name) {
  const std::string path = directory + "/" + name;
  int fd = -1;
  do {
    // Never blocks, not even on a fifo that someone put there.
    fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return Failure{errno, "open", name};
  return UniqueFd(fd);
}

Result<std::string_view> read_file(int fd, std::span<char> buffer) {
  size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = pread(fd, buffer.data() + size, buffer.size() - size,
                              static_cast<off_t>(size));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Failure{errno, "pread"};
    size += static_cast<size_t>(got);
    if (size == buffer.size()) break;
    // kernfs hands a small file over in one read; a second read would only
    // confirm the end.
    if (got == 0 || buffer[size - 1] == '\n') {
      return std::string_view(buffer.data(), size);
    }
  }
  return Failure{kBadContent, "pread"};
}

bool is_cgroup2(int fd) {
  struct statfs info {};
  return fstatfs(fd, &info) == 0 && info.f_type == CGROUP2_SUPER_MAGIC;
}

bool is_of_kernel(int fd) {
  struct statfs info {};
  return fstatfs(fd, &info) == 0 && is_of_kernel(info);
}

bool is_of_kernel(const std::string& path) {
  struct statfs info {};
  return statfs(path.c_str(), &info) == 0 && is_of_kernel(info);
}

bool is_in_place(int fd, const std::string& directory, const char* name) {
  struct stat held {};
  struct stat named {};
  const std::string path = directory + "/" + name;
  return fstat(fd, &held) == 0 && stat(path.c_str(), &named) == 0 &&
         held.st_dev == named.st_dev && held.st_ino == named.st_ino;
}

}  // namespace spillway
