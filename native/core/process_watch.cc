#include "process_watch.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>

#include "process.h"

namespace spillway {

Result<std::shared_ptr<ProcessWatch>> ProcessWatch::open(int pidfd) {
  UniqueFd own(fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
  if (!own.valid()) return Failure{errno, "fcntl"};
  // Anything else that becomes readable, such as a pipe whose descriptor took
  // the number of a closed pidfd, would pass for the end of a live process.
  const auto refused = signal_pidfd(own.get(), 0);
  if (refused.has_value() && refused->error == EBADF) return *refused;
  return std::shared_ptr<ProcessWatch>(new ProcessWatch(std::move(own)));
}

std::optional<Failure> ProcessWatch::attach(SourceId id, Registrar* registrar) {
  // If it has ended already, the kernel reports that as the first change.
  return registrar->watch_process(id, pidfd_.get());
}

bool ProcessWatch::look(Cause /*cause*/, int64_t /*now_ns*/,
                        std::span<char> /*buffer*/) {
  if (report_.ended) return false;
  pollfd end{pidfd_.get(), POLLIN, 0};
  report_.ended = poll(&end, 1, 0) == 1;
  return report_.ended;
}

void ProcessWatch::fail(const Failure& failure, int64_t /*now_ns*/) {
  report_.failure = failure;
}

}  // namespace spillway
