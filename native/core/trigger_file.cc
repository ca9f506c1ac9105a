#include "trigger_file.h"

#include <cerrno>
#include <utility>

#include "kernel_file.h"

namespace spillway {

TriggerFile::TriggerFile(std::string directory, const char* name, UniqueFd fd)
    : directory_(std::move(directory)),
      name_(name),
      fd_(std::move(fd)),
      on_cgroup2_(is_cgroup2(fd_.get())) {
  // Never opened again.
  if (on_cgroup2_) directory_ = std::string();
}

Result<TriggerFile> TriggerFile::open(const std::string& directory,
                                      const char* name) {
  Result<UniqueFd> fd = open_file(directory, name);
  if (const Failure* failure = failure_of(fd)) return *failure;
  return TriggerFile(directory, name, std::move(std::get<UniqueFd>(fd)));
}

std::optional<Failure> TriggerFile::attach(SourceId id, Registrar* registrar) {
  id_ = id;
  registrar_ = registrar;
  std::optional<Failure> failure =
      on_cgroup2_ ? registrar->watch_kernfs(id, fd_.get())
                  : registrar->watch_path(id, directory_ + "/" + name_);
  if (failure.has_value()) failure->file = name_;
  return failure;
}

std::optional<Failure> TriggerFile::reopen() {
  Result<UniqueFd> fd = open_file(directory_, name_);
  if (const Failure* failure = failure_of(fd)) {
    // Gone, as the kernel would say it of its own files.
    return Failure{failure->error == ENOENT ? ENODEV : failure->error,
                   failure->call, name_};
  }
  if (registrar_ != nullptr) {
    // The old file is kept on failure, so that the next read tries again:
    // nobody would report changes of the new one.
    if (const auto failure = attach(id_, registrar_)) return failure;
  }
  fd_ = std::move(std::get<UniqueFd>(fd));
  replaced_ = true;
  return std::nullopt;
}

Result<std::string_view> TriggerFile::read(std::span<char> buffer) {
  if (!on_cgroup2_ && !is_in_place(fd_.get(), directory_, name_)) {
    if (const auto failure = reopen()) return *failure;
  }
  Result<std::string_view> text = read_file(fd_.get(), buffer);
  if (auto* failure = std::get_if<Failure>(&text)) failure->file = name_;
  return text;
}

}  // namespace spillway
