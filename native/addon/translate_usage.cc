// Values of the usage watch; all others are in translate.cc.

#include "translate.h"

namespace spillway {

UsageWatchOptions usage_watch_options(const Napi::Object& options) {
  UsageWatchOptions result;
  const Napi::Value place = options.Get("place");
  if (place.IsObject()) result.place = memory_place(place.As<Napi::Object>());
  const Napi::Value limit = options.Get("limitBytes");
  if (limit.IsNumber()) {
    result.scale.limit =
        static_cast<uint64_t>(limit.As<Napi::Number>().Int64Value());
  }
  result.scale.slow_at_fraction =
      options.Get("slowAtFraction").As<Napi::Number>().DoubleValue();
  result.interval_ns = milliseconds_to_ns(options.Get("intervalMs"));
  // The only way to shared memory in this version of Node-API, which knows no
  // SharedArrayBuffer: a view of it is a typed array like any other.
  result.board = reinterpret_cast<UsageBoard::Layout*>(
      options.Get("board").As<Napi::Int32Array>().Data());
  return result;
}

Napi::Value to_js(Napi::Env env, const UsageReport& report) {
  if (!report.failure) return env.Undefined();
  return to_js(env, *report.failure);
}

}  // namespace spillway
