#ifndef SPILLWAY_ADDON_ENVIRONMENT_H_
#define SPILLWAY_ADDON_ENVIRONMENT_H_

#include <napi.h>

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>

#include "memory_watch.h"
#include "populated_watch.h"
#include "pressure_watch.h"
#include "process_watch.h"
#include "reactor.h"
#include "takeover.h"
#include "threshold_watch.h"
#include "usage_watch.h"
#include "victims.h"

namespace spillway {

// What the addon keeps for one Node environment (the main thread or one
// worker_threads worker): a reactor from the first watch to the last, and the
// way back into JavaScript. JavaScript's thread only, except poke().
class Environment final : private Sink {
 public:
  explicit Environment(Napi::Env env) : env_(env) {}

  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

  using Watch = std::variant<
      std::shared_ptr<MemoryWatch>, std::shared_ptr<PopulatedWatch>,
      std::shared_ptr<PressureWatch>, std::shared_ptr<ProcessWatch>,
      std::shared_ptr<ThresholdWatch>, std::shared_ptr<UsageWatch>>;

  // Calls `callback` with a report whenever there is something to tell, until
  // unwatch(); a process watch has one thing to tell, and then ends by itself.
  // With `keep_alive` the event loop goes on while it is watched. `memory` is
  // what the watch writes to, if it does: it stays until the watch has ended.
  Result<SourceId> watch(Watch watch, const Napi::Function& callback,
                         bool keep_alive,
                         std::unique_ptr<Napi::ObjectReference> memory = {});
  // Unknown ids are ignored. After the last one the thread is joined.
  void unwatch(SourceId id);
  // Has the memory watches of a cgroup look at it out of turn. Its owner is
  // about to remove it, and afterwards the counters cannot be read.
  void look_now(const std::string& directory);

  Victims& victims() { return victims_; }
  // Takes it out of all plans, too.
  void close_victim(VictimId id);
  // False when that watch is none, or has ended.
  bool change_plan(SourceId watch,
                   const std::function<void(Takeover&)>& change);

 private:
  struct Entry {
    Watch watch;
    bool keep_alive = false;
    std::unique_ptr<Napi::ObjectReference> memory;  // of few
  };

  static void call_js(Napi::Env env, Napi::Function, Environment* environment,
                      void*);
  using ThreadSafeFunction =
      Napi::TypedThreadSafeFunction<Environment, void, call_js>;

  bool poke() override;  // any thread

  MemoryWatch* memory_watch(SourceId id);

  // What is called for a watch. Nothing happens where JavaScript cannot run any
  // more.
  void set_callback(SourceId id, napi_value callback);
  void drop_callback(SourceId id);
  napi_value callback_of(SourceId id) const;

  void open_way_back();
  void deliver();
  bool deliver(SourceId id);
  void close();

  Napi::Env env_;
  std::unordered_map<SourceId, Entry> entries_;
  // All callbacks, by id: one object of JavaScript's, for a reference to each
  // would take four times as much, and there may be thousands.
  Napi::ObjectReference callbacks_;
  size_t keep_alive_count_ = 0;
  bool closed_ = false;
  ThreadSafeFunction way_back_;
  Victims victims_;
  std::unique_ptr<Reactor> reactor_;  // after all that it uses: joined first
};

}  // namespace spillway

#endif  // SPILLWAY_ADDON_ENVIRONMENT_H_
