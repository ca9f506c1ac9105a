// The raw functions of lib/native-binding.ts. They trust their arguments:
// TypeScript has checked them. A failed system call is a value with `errno`.

#include <napi.h>

#include <array>
#include <memory>
#include <utility>

#include "attribute.h"
#include "environment.h"
#include "kernel_file.h"
#include "memory_files.h"
#include "process.h"
#include "process_functions.h"
#include "translate.h"
#include "victim_functions.h"

namespace spillway {

namespace {

Environment* environment_of(const Napi::CallbackInfo& info) {
  return info.Env().GetInstanceData<Environment>();
}

template <typename Opened>
Napi::Value start_watch(const Napi::CallbackInfo& info, Opened opened,
                        const Napi::Value& callback, bool keep_alive,
                        std::unique_ptr<Napi::ObjectReference> memory = {}) {
  if (const Failure* failure = failure_of(opened)) {
    return to_js(info.Env(), *failure);
  }
  const Result<SourceId> id = environment_of(info)->watch(
      std::get<0>(std::move(opened)), callback.As<Napi::Function>(), keep_alive,
      std::move(memory));
  if (const Failure* failure = failure_of(id)) {
    return to_js(info.Env(), *failure);
  }
  return Napi::Number::New(info.Env(),
                           static_cast<double>(std::get<SourceId>(id)));
}

// watchMemory(options, callback): id | failure
Napi::Value watch_memory(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  return start_watch(info, MemoryWatch::open(memory_watch_options(options)),
                     info[1], options.Get("keepAlive").ToBoolean());
}

// watchPopulated({ directory, safetyReadMs, keepAlive }, callback)
//   : id | failure
Napi::Value watch_populated(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const auto directory = options.Get("directory").As<Napi::String>();
  return start_watch(
      info,
      PopulatedWatch::open(directory.Utf8Value(),
                           milliseconds_to_ns(options.Get("safetyReadMs"))),
      info[1], options.Get("keepAlive").ToBoolean());
}

// watchPressure(options, callback): { id, stallMs, windowMs } | failure
Napi::Value watch_pressure(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  auto opened = PressureWatch::open(pressure_watch_options(options));
  if (const Failure* failure = failure_of(opened)) {
    return to_js(info.Env(), *failure);
  }
  Napi::Object started = to_js(info.Env(), std::get<0>(opened)->granted());
  const Napi::Value id = start_watch(info, std::move(opened), info[1],
                                     options.Get("keepAlive").ToBoolean());
  if (!id.IsNumber()) return id;
  started.Set("id", id);
  return started;
}

// watchThreshold(options, callback): id | failure
Napi::Value watch_threshold(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  return start_watch(info,
                     ThresholdWatch::open(threshold_watch_options(options)),
                     info[1], options.Get("keepAlive").ToBoolean());
}

// watchUsage(options, callback): id | failure
Napi::Value watch_usage(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  return start_watch(info, UsageWatch::open(usage_watch_options(options)),
                     info[1], options.Get("keepAlive").ToBoolean(),
                     std::make_unique<Napi::ObjectReference>(Napi::Persistent(
                         options.Get("board").As<Napi::Object>())));
}

// watchProcess({ pidfd, keepAlive }, callback): id | failure
Napi::Value watch_process(const Napi::CallbackInfo& info) {
  const auto options = info[0].As<Napi::Object>();
  const auto pidfd = options.Get("pidfd").As<Napi::Number>();
  return start_watch(info, ProcessWatch::open(pidfd.Int32Value()), info[1],
                     options.Get("keepAlive").ToBoolean());
}

// unwatch(id): undefined
Napi::Value unwatch(const Napi::CallbackInfo& info) {
  environment_of(info)->unwatch(
      static_cast<SourceId>(info[0].As<Napi::Number>().Int64Value()));
  return info.Env().Undefined();
}

// lookNow(directory): undefined
Napi::Value look_now(const Napi::CallbackInfo& info) {
  environment_of(info)->look_now(info[0].As<Napi::String>().Utf8Value());
  return info.Env().Undefined();
}

// readMemory(directory): { usage, limits } | failure
Napi::Value read_memory(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string directory = info[0].As<Napi::String>().Utf8Value();
  const Result<MemoryFiles> files = MemoryFiles::open(directory);
  if (const Failure* failure = failure_of(files)) return to_js(env, *failure);
  std::array<char, kFileBufferBytes> buffer;
  MemoryUsage usage;
  MemoryLimits limits;
  if (!std::get<MemoryFiles>(files).read_totals(buffer, &usage, &limits)) {
    return to_js(env, Failure{kBadContent, "read", "memory.current"});
  }
  std::get<MemoryFiles>(files).read_stat(buffer, &usage);
  Napi::Object result = Napi::Object::New(env);
  result.Set("usage", to_js(env, usage));
  result.Set("limits", to_js(env, limits));
  return result;
}

// readUsage(directory): usage | failure
Napi::Value read_usage(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const MemoryFiles files =
      MemoryFiles::once(info[0].As<Napi::String>().Utf8Value());
  std::array<char, kFileBufferBytes> buffer;
  MemoryUsage usage;
  if (!files.read_amounts(buffer, &usage)) {
    return to_js(env, Failure{kBadContent, "read", "memory.current"});
  }
  files.read_stat(buffer, &usage);
  return to_js(env, usage);
}

// readCounters(directory): counters | failure
Napi::Value read_counters(const Napi::CallbackInfo& info) {
  std::array<char, kFileBufferBytes> buffer;
  const Result<EventCounts> counters =
      read_memory_events(info[0].As<Napi::String>().Utf8Value(), buffer);
  if (const Failure* failure = failure_of(counters)) {
    return to_js(info.Env(), *failure);
  }
  return to_js(info.Env(), std::get<EventCounts>(counters));
}

// readPlace(place): { usage, limits, ... } | failure
Napi::Value read_place_js(const Napi::CallbackInfo& info) {
  const Result<PlaceSample> sample =
      read_place(memory_place(info[0].As<Napi::Object>()));
  if (const Failure* failure = failure_of(sample)) {
    return to_js(info.Env(), *failure);
  }
  return to_js(info.Env(), std::get<PlaceSample>(sample));
}

// evaluateShortness(usage, limits, killBufferBytes | undefined, wasShort)
Napi::Value evaluate_shortness_js(const Napi::CallbackInfo& info) {
  return to_js(info.Env(), evaluate_shortness(
                               memory_usage(info[0].As<Napi::Object>()),
                               memory_limits(info[1].As<Napi::Object>()),
                               optional_bytes(info[2]), info[3].ToBoolean()));
}

// openPidfd(pid): fd | failure
Napi::Value open_pidfd_js(const Napi::CallbackInfo& info) {
  Result<UniqueFd> fd = open_pidfd(info[0].As<Napi::Number>().Int32Value());
  if (const Failure* failure = failure_of(fd)) {
    return to_js(info.Env(), *failure);
  }
  return Napi::Number::New(info.Env(), std::get<UniqueFd>(fd).release());
}

Napi::Value undefined_or(Napi::Env env, const std::optional<Failure>& failure) {
  return failure.has_value() ? to_js(env, *failure) : env.Undefined();
}

// signalPidfd(fd, signal): undefined | failure
Napi::Value signal_pidfd_js(const Napi::CallbackInfo& info) {
  return undefined_or(info.Env(),
                      signal_pidfd(info[0].As<Napi::Number>().Int32Value(),
                                   info[1].As<Napi::Number>().Int32Value()));
}

// lockFile(fd): undefined | failure
Napi::Value lock_file_js(const Napi::CallbackInfo& info) {
  return undefined_or(info.Env(),
                      lock_file(info[0].As<Napi::Number>().Int32Value()));
}

// readAttribute(path, name): string | undefined | failure
Napi::Value read_attribute_js(const Napi::CallbackInfo& info) {
  const auto read = read_attribute(info[0].As<Napi::String>().Utf8Value(),
                                   info[1].As<Napi::String>().Utf8Value());
  if (const Failure* failure = failure_of(read)) {
    return to_js(info.Env(), *failure);
  }
  const auto& value = std::get<std::optional<std::string>>(read);
  if (!value.has_value()) return info.Env().Undefined();
  return Napi::String::New(info.Env(), *value);
}

// writeAttribute(path, name, value): undefined | failure
Napi::Value write_attribute_js(const Napi::CallbackInfo& info) {
  return undefined_or(info.Env(),
                      write_attribute(info[0].As<Napi::String>().Utf8Value(),
                                      info[1].As<Napi::String>().Utf8Value(),
                                      info[2].As<Napi::String>().Utf8Value()));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  env.SetInstanceData(new Environment(env));
  const std::pair<const char*, Napi::Value (*)(const Napi::CallbackInfo&)>
      functions[] = {
          {"watchMemory", watch_memory},
          {"watchPopulated", watch_populated},
          {"watchPressure", watch_pressure},
          {"watchProcess", watch_process},
          {"watchThreshold", watch_threshold},
          {"watchUsage", watch_usage},
          {"unwatch", unwatch},
          {"lookNow", look_now},
          {"readMemory", read_memory},
          {"readUsage", read_usage},
          {"readCounters", read_counters},
          {"readPlace", read_place_js},
          {"evaluateShortness", evaluate_shortness_js},
          {"openPidfd", open_pidfd_js},
          {"signalPidfd", signal_pidfd_js},
          {"lockFile", lock_file_js},
          {"readAttribute", read_attribute_js},
          {"writeAttribute", write_attribute_js},
      };
  for (const auto& [name, function] : functions) {
    exports.Set(name, Napi::Function::New(env, function, name));
  }
  add_process_functions(env, exports);
  add_victim_functions(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(spillway, init)

}  // namespace spillway
