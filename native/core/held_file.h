#ifndef SPILLWAY_CORE_HELD_FILE_H_
#define SPILLWAY_CORE_HELD_FILE_H_

#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "failure.h"
#include "flat_keyed.h"
#include "unique_fd.h"

namespace spillway {

// One small file that is read again and again. A file of the kernel's is held
// open, so that a reading is one pread; an ordinary one may be replaced, so it
// is opened for each reading.
class HeldFile {
 public:
  // A missing file is no failure here: read() says ENOENT.
  static Result<HeldFile> open(std::string directory, const char* name);

  // Of a file that is held open; -1 otherwise.
  int held_fd() const { return held_ && fd_.valid() ? fd_.get() : -1; }

  // Hands what it says to `parse(text)`, which returns Parsed; failures bear
  // its name. ENODEV: its directory is gone. kCutContent: an ordinary file was
  // caught half written, also at a second try.
  template <typename Parse>
  std::optional<Failure> read(std::span<char> buffer,
                              const Parse& parse) const {
    std::optional<Failure> failure = read_once(buffer, parse);
    if (failure.has_value() && failure->error < 0 && !held_) {
      failure = read_once(buffer, parse);
    }
    return failure;
  }

 private:
  HeldFile(std::string directory, const char* name)
      : directory_(std::move(directory)), name_(name) {}

  template <typename Parse>
  std::optional<Failure> read_once(std::span<char> buffer,
                                   const Parse& parse) const {
    UniqueFd opened;
    const Result<std::string_view> text = text_of(buffer, &opened);
    if (const Failure* failure = failure_of(text)) return named(*failure);
    switch (parse(std::get<std::string_view>(text))) {
      case Parsed::kOk:
        return std::nullopt;
      case Parsed::kIncomplete:
        return named(Failure{kCutContent, "pread"});
      case Parsed::kMalformed:
        break;
    }
    return named(Failure{kBadContent, "pread"});
  }

  Result<std::string_view> text_of(std::span<char> buffer,
                                   UniqueFd* opened) const;
  Failure named(Failure failure) const;

  std::string directory_;
  const char* name_;
  bool held_ = false;
  UniqueFd fd_;  // valid: it is held
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_HELD_FILE_H_
