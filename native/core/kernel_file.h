#ifndef SPILLWAY_CORE_KERNEL_FILE_H_
#define SPILLWAY_CORE_KERNEL_FILE_H_

#include <span>
#include <string>
#include <string_view>

#include "failure.h"
#include "unique_fd.h"

namespace spillway {

// Large enough for memory.stat of any kernel so far (about 2 KiB on 6.12).
inline constexpr size_t kFileBufferBytes = size_t{16} * 1024;

// Opens DIRECTORY/NAME for reading, close-on-exec.
Result<UniqueFd> open_file(const std::string& directory, const char* name);

// Reads a whole small file from its start; on kernfs this also re-arms polling.
// A file that fills the buffer is kBadContent: no file read here is that large.
Result<std::string_view> read_file(int fd, std::span<char> buffer);

// Whether the open file lies on a cgroup v2 hierarchy.
bool is_cgroup2(int fd);

// The same of the kernel's files: cgroup v2, v1 and /proc. They are not
// replaced as ordinary files may be, and say ENODEV when they are gone.
bool is_of_kernel(int fd);
bool is_of_kernel(const std::string& path);

// Whether DIRECTORY/NAME still leads to the open file. For ordinary files; the
// kernel's own say ENODEV when read.
bool is_in_place(int fd, const std::string& directory, const char* name);

}  // namespace spillway

#endif  // SPILLWAY_CORE_KERNEL_FILE_H_
