// Values of the threshold watch and of places; all others are in translate.cc.

#include <array>
#include <string_view>
#include <utility>

#include "translate.h"

namespace spillway {

namespace {

constexpr std::array<std::pair<std::string_view, Basis>, 5> kBases = {{
    {"pinned", Basis::kPinned},
    {"working-set", Basis::kWorkingSet},
    {"anon-shmem", Basis::kAnonShmem},
    {"current", Basis::kCurrent},
    {"host", Basis::kHost},
}};

Basis basis_of(const Napi::Value& value) {
  const std::string given = value.As<Napi::String>().Utf8Value();
  for (const auto& [name, basis] : kBases) {
    if (name == given) return basis;
  }
  return Basis::kPinned;
}

PlaceKind kind_of(const Napi::Value& value) {
  const std::string given = value.As<Napi::String>().Utf8Value();
  if (given == "host") return PlaceKind::kHost;
  return given == "v1" ? PlaceKind::kV1 : PlaceKind::kV2;
}

GaugeTerms gauge_terms(const Napi::Object& options) {
  GaugeTerms terms;
  terms.rule.fraction =
      options.Get("fraction").As<Napi::Number>().DoubleValue();
  terms.rule.min_free = optional_bytes(options.Get("minFreeBytes"));
  terms.rule.kill_buffer = optional_bytes(options.Get("killBufferBytes"));
  terms.basis = basis_of(options.Get("basis"));
  terms.include_swap = options.Get("includeSwap").ToBoolean();
  return terms;
}

}  // namespace

MemoryPlace memory_place(const Napi::Object& place) {
  MemoryPlace result;
  result.kind = kind_of(place.Get("kind"));
  if (result.kind == PlaceKind::kHost) return result;
  result.directory = place.Get("directory").As<Napi::String>().Utf8Value();
  const auto ancestors = place.Get("ancestors").As<Napi::Array>();
  for (uint32_t index = 0; index < ancestors.Length(); ++index) {
    result.ancestors.push_back(
        ancestors.Get(index).As<Napi::String>().Utf8Value());
  }
  return result;
}

ThresholdWatchOptions threshold_watch_options(const Napi::Object& options) {
  ThresholdWatchOptions result;
  result.place = memory_place(options.Get("place").As<Napi::Object>());
  result.terms = gauge_terms(options);
  result.pace.interval_ns = milliseconds_to_ns(options.Get("intervalMs"));
  result.pace.growth_per_second =
      optional_bytes(options.Get("growthBytesPerSecond"))
          .value_or(result.pace.growth_per_second);
  const Napi::Value repeat = options.Get("repeatMs");
  if (repeat.IsNumber()) result.repeat_ns = milliseconds_to_ns(repeat);
  return result;
}

Napi::Object to_js(Napi::Env env, const ThresholdReport& report) {
  const GaugeReading& reading = report.reading;
  Napi::Object object = Napi::Object::New(env);
  object.Set("breach", report.breach);
  object.Set("crossed", report.crossed);
  object.Set("over", report.over);
  object.Set("removed", report.removed);
  if (report.failure) object.Set("failure", to_js(env, *report.failure));
  object.Set("level", static_cast<double>(report.level));
  object.Set("totalBytes", bytes_to_js(reading.total));
  object.Set("usedBytes", bytes_to_js(reading.used));
  object.Set("thresholdBytes", bytes_to_js(reading.threshold.begin));
  object.Set("clearBytes", bytes_to_js(reading.threshold.clear));
  object.Set("usage", to_js(env, reading.usage));
  object.Set("limits", to_js(env, reading.limits));
  if (reading.pinned) object.Set("pinnedBytes", bytes_to_js(*reading.pinned));
  object.Set("short", report.is_short);
  object.Set("noticedMs", ns_to_milliseconds(report.noticed_ns));
  return object;
}

Napi::Object to_js(Napi::Env env, const PlaceSample& sample) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("usage", to_js(env, sample.usage));
  object.Set("limits", to_js(env, sample.limits));
  if (sample.pinned) object.Set("pinnedBytes", bytes_to_js(*sample.pinned));
  object.Set("totalBytes", bytes_to_js(sample.total));
  if (sample.total_level) {
    object.Set("totalLevel", static_cast<double>(*sample.total_level));
  }
  Napi::Object host = Napi::Object::New(env);
  host.Set("totalBytes", bytes_to_js(sample.host.total));
  host.Set("availableBytes", bytes_to_js(sample.host.available));
  host.Set("swapTotalBytes", bytes_to_js(sample.host.swap_total));
  host.Set("swapFreeBytes", bytes_to_js(sample.host.swap_free));
  object.Set("host", host);
  return object;
}

}  // namespace spillway
