#include "held_file.h"

#include <cerrno>

#include "kernel_file.h"

namespace spillway {

Result<HeldFile> HeldFile::open(std::string directory, const char* name) {
  HeldFile file(std::move(directory), name);
  Result<UniqueFd> opened = open_file(file.directory_, name);
  if (const Failure* failure = failure_of(opened)) {
    if (failure->error != ENOENT) return *failure;
    file.held_ = is_of_kernel(file.directory_);
    return file;
  }
  auto& fd = std::get<UniqueFd>(opened);
  file.held_ = is_of_kernel(fd.get());
  if (file.held_) file.fd_ = std::move(fd);
  return file;
}

Result<std::string_view> HeldFile::text_of(std::span<char> buffer,
                                           UniqueFd* opened) const {
  if (held_) {
    if (!fd_.valid()) return Failure{ENOENT, "open"};
    return read_file(fd_.get(), buffer);
  }
  Result<UniqueFd> result = open_file(directory_, name_);
  if (const Failure* failure = failure_of(result)) {
    const bool gone = failure->error == ENOENT &&
                      access(directory_.c_str(), F_OK) < 0 && errno == ENOENT;
    return gone ? Failure{ENODEV, "open"} : *failure;
  }
  *opened = std::move(std::get<UniqueFd>(result));
  return read_file(opened->get(), buffer);
}

Failure HeldFile::named(Failure failure) const {
  failure.file = name_;
  return failure;
}

}  // namespace spillway
