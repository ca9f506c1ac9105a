// core_loop DIRECTORY: the reactor of the native core with one watch, without
// Node. The protocol is that of bare_loop, the stamps are "HIGH NOTICED_NS
// TOLD_NS": when its thread saw the change, and when it had read the counters,
// the usage and the limits, and would have woken JavaScript.

#include <memory>
#include <utility>
#include <variant>

#include "failure.h"
#include "memory_watch.h"
#include "reactor.h"
#include "stamps.h"

namespace {

using spillway::MemoryWatch;
using spillway::Reactor;

// Takes the report in the reactor's own thread: nobody else waits for it.
class StampingSink final : public spillway::Sink {
 public:
  bool poke() override {
    const int64_t told_ns = stamp_now_ns();
    if (reactor == nullptr) return false;
    for (const auto id : reactor->take_ready()) {
      (void)id;
      const auto guard = reactor->lock();
      const auto report = watch->take();
      keep_stamp(report.counters.counts[spillway::kHigh], report.noticed_ns,
                 told_ns);
    }
    return true;
  }
  Reactor* reactor = nullptr;
  std::shared_ptr<MemoryWatch> watch;
};

bool measure(const char* directory) {
  StampingSink sink;
  auto started = Reactor::start(&sink);
  if (spillway::failure_of(started) != nullptr) return false;
  const auto reactor = std::move(std::get<std::unique_ptr<Reactor>>(started));
  spillway::MemoryWatchOptions options;
  options.directory = directory;
  const auto opened = MemoryWatch::open(std::move(options));
  if (spillway::failure_of(opened) != nullptr) return false;
  sink.watch = std::get<std::shared_ptr<MemoryWatch>>(opened);
  sink.reactor = reactor.get();
  if (spillway::failure_of(reactor->add(sink.watch)) != nullptr) return false;
  say("ready");
  char line[64];
  return read(STDIN_FILENO, line, sizeof(line)) > 0;
}

}  // namespace

int main(int count, char** words) {
  if (count != 2) return 2;
  char line[64];
  for (ssize_t size = 0; (size = read(STDIN_FILENO, line, sizeof(line))) > 0;) {
    if (!measure(words[1])) return 1;
    print_stamps();
  }
  return 0;
}
