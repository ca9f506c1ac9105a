#ifndef SPILLWAY_CORE_SOURCE_H_
#define SPILLWAY_CORE_SOURCE_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "failure.h"

namespace spillway {

using SourceId = uint64_t;

// Why a source is asked to look.
enum class Cause : uint8_t {
  kChange,      // the kernel reported a change
  kSafetyRead,  // the timer: nothing may have changed
  kDeadline,    // the time that the source asked for has come
};

// An interval for sources whose change the kernel never fails to report. The
// timer is not armed for it.
inline constexpr int64_t kNoSafetyRead = INT64_MAX;

inline constexpr int64_t kNoDeadline = INT64_MAX;

// What a source may ask of the reactor that looks after it: two descriptors at
// most, and any number of paths. Called under the reactor's lock.
class Registrar {
 public:
  // Reports changes of an open kernfs or pressure file by EPOLLPRI. Waiting for
  // a pressure file takes its event, so nobody else may wait for it as well.
  virtual std::optional<Failure> watch_kernfs(SourceId id, int fd) = 0;
  // Reports the end of a pidfd's process by EPOLLIN, also one in the past.
  virtual std::optional<Failure> watch_process(SourceId id, int pidfd) = 0;
  // Reports changes of an ordinary file by inotify.
  virtual std::optional<Failure> watch_path(SourceId id,
                                            const std::string& path) = 0;

 protected:
  ~Registrar() = default;
};

// Something that the reactor watches: files of one cgroup, or a process. All
// members are called under the reactor's lock, on whichever thread holds it.
class Source {
 public:
  virtual ~Source() = default;

  // How often to look although nothing was reported, or kNoSafetyRead.
  virtual int64_t safety_read_ns() const = 0;

  // When to look once, whatever is reported: CLOCK_MONOTONIC, or kNoDeadline.
  // Asked after attach(), each look and Reactor::reschedule(); a look because
  // of it has to put it off, or it comes again at once.
  virtual int64_t deadline_ns() const { return kNoDeadline; }

  // Registers its descriptors, then takes its baseline, so that nothing falls
  // in between. On failure the reactor drops whatever was registered.
  virtual std::optional<Failure> attach(SourceId id, Registrar* registrar) = 0;

  // Looks at what it watches; `buffer` is scratch space. True when JavaScript
  // is to be told now.
  virtual bool look(Cause cause, int64_t now_ns, std::span<char> buffer) = 0;

  // Asked in place of a timed look: whether that may be left out this time,
  // for the whole machine has given out only so many bytes of memory since
  // something before the last timed look. A deadline is put off then.
  virtual bool rest(Cause /*cause*/, int64_t /*now_ns*/,
                    uint64_t /*given_out*/) {
    return false;
  }

  // The reactor itself cannot go on: no further look will come.
  virtual void fail(const Failure& failure, int64_t now_ns) = 0;
};

}  // namespace spillway

#endif  // SPILLWAY_CORE_SOURCE_H_
