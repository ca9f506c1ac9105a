#include "trigger_file.h"

#include <cerrno>
#include <utility>

#include "kernel_file.h"

namespace spillway {

TriggerFile::TriggerFile(const std::string& directory, const char* name,
                         UniqueFd fd)
    : name_(name), fd_(std::move(fd)) {
  if (is_cgroup2(fd_.get())) return;
  ordinary_ = std::make_unique<Ordinary>();
  ordinary_->directory = directory;
}

Result<TriggerFile> TriggerFile::open(const std::string& directory,
                                      const char* name) {
  Result<UniqueFd> fd = open_file(directory, name);
  if (const Failure* failure = failure_of(fd)) return *failure;
  return TriggerFile(directory, name, std::move(std::get<UniqueFd>(fd)));
}

std::optional<Failure> TriggerFile::attach(SourceId id, Registrar* registrar) {
  std::optional<Failure> failure;
  if (ordinary_ == nullptr) {
    failure = registrar->watch_kernfs(id, fd_.get());
  } else {
    ordinary_->id = id;
    ordinary_->registrar = registrar;
    failure = registrar->watch_path(id, ordinary_->directory + "/" + name_);
  }
  if (failure.has_value()) failure->file = name_;
  return failure;
}

std::optional<Failure> TriggerFile::reopen() {
  Result<UniqueFd> fd = open_file(ordinary_->directory, name_);
  if (const Failure* failure = failure_of(fd)) {
    // Gone, as the kernel would say it of its own files.
    return Failure{failure->error == ENOENT ? ENODEV : failure->error,
                   failure->call, name_};
  }
  if (ordinary_->registrar != nullptr) {
    // The old file is kept on failure, so that the next read tries again:
    // nobody would report changes of the new one.
    if (const auto failure = attach(ordinary_->id, ordinary_->registrar)) {
      return failure;
    }
  }
  fd_ = std::move(std::get<UniqueFd>(fd));
  ordinary_->replaced = true;
  return std::nullopt;
}

Result<std::string_view> TriggerFile::read(std::span<char> buffer) {
  if (ordinary_ != nullptr &&
      !is_in_place(fd_.get(), ordinary_->directory, name_)) {
    if (const auto failure = reopen()) return *failure;
  }
  Result<std::string_view> text = read_file(fd_.get(), buffer);
  if (auto* failure = std::get_if<Failure>(&text)) failure->file = name_;
  return text;
}

}  // namespace spillway
