#ifndef SPILLWAY_CORE_TRIGGER_FILE_H_
#define SPILLWAY_CORE_TRIGGER_FILE_H_

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "failure.h"
#include "source.h"
#include "unique_fd.h"

namespace spillway {

// One file of a cgroup that reports its changes: by EPOLLPRI on a held
// descriptor on cgroup v2, by inotify anywhere else. Reading it also re-arms
// it. Under the reactor's lock once attached.
class TriggerFile {
 public:
  static Result<TriggerFile> open(const std::string& directory,
                                  const char* name);

  std::optional<Failure> attach(SourceId id, Registrar* registrar);

  // The content now. ENODEV: the file is gone for good, with its cgroup or
  // with its controller.
  Result<std::string_view> read(std::span<char> buffer);

  // Ordinary files only: whether read() found another file in the place of the
  // one before; asking clears it.
  bool take_replaced() {
    return ordinary_ != nullptr && std::exchange(ordinary_->replaced, false);
  }

  bool on_cgroup2() const { return ordinary_ == nullptr; }
  const char* name() const { return name_; }

 private:
  // What it takes to follow an ordinary file, which may be replaced.
  struct Ordinary {
    std::string directory;
    bool replaced = false;
    SourceId id = 0;
    Registrar* registrar = nullptr;
  };

  TriggerFile(const std::string& directory, const char* name, UniqueFd fd);

  std::optional<Failure> reopen();

  const char* name_;
  UniqueFd fd_;
  std::unique_ptr<Ordinary> ordinary_;  // none on cgroup v2
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_TRIGGER_FILE_H_
