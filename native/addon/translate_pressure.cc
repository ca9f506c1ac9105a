// The pressure watch's values; all others are in translate.cc.

#include <cmath>

#include "translate.h"

namespace spillway {

namespace {

constexpr double kUsPerMs = 1e3;

// Totals saturate at what JavaScript holds exactly.
double milliseconds(uint64_t us) { return static_cast<double>(us) / kUsPerMs; }

uint64_t microseconds(const Napi::Value& ms) {
  return static_cast<uint64_t>(
      std::llround(ms.As<Napi::Number>().DoubleValue() * kUsPerMs));
}

Napi::Object to_js(Napi::Env env, const PressureTotals& totals) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("someMs", milliseconds(totals.some_us));
  object.Set("fullMs", milliseconds(totals.full_us));
  return object;
}

}  // namespace

Napi::Object to_js(Napi::Env env, const PressureReport& report) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("breach", report.breach);
  object.Set("stalled", report.stalled);
  object.Set("removed", report.removed);
  if (report.failure) object.Set("failure", to_js(env, *report.failure));
  object.Set("totals", to_js(env, report.totals));
  object.Set("growth", to_js(env, report.growth));
  object.Set("usage", to_js(env, report.usage));
  object.Set("limits", to_js(env, report.limits));
  object.Set("shortness", to_js(env, report.shortness));
  object.Set("noticedMs", ns_to_milliseconds(report.noticed_ns));
  return object;
}

Napi::Object to_js(Napi::Env env, const PressureTrigger& trigger) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("stallMs", milliseconds(trigger.stall_us));
  object.Set("windowMs", milliseconds(trigger.window_us));
  return object;
}

PressureWatchOptions pressure_watch_options(const Napi::Object& options) {
  PressureWatchOptions result;
  result.file = options.Get("file").As<Napi::String>().Utf8Value();
  const Napi::Value directory = options.Get("directory");
  if (directory.IsString()) {
    result.directory = directory.As<Napi::String>().Utf8Value();
  }
  const bool some =
      options.Get("stall").As<Napi::String>().Utf8Value() == "some";
  result.trigger.stall = some ? Stall::kSome : Stall::kFull;
  result.trigger.stall_us = microseconds(options.Get("stallMs"));
  result.trigger.window_us = microseconds(options.Get("windowMs"));
  result.safety_read_ns = milliseconds_to_ns(options.Get("safetyReadMs"));
  return result;
}

}  // namespace spillway
