// `populated` of cgroup.events.

#include "cgroup_events.h"
#include "check_parser.h"
#include "plain_reading.h"

namespace spillway {
namespace {

struct CgroupEventsTarget {
  using Value = bool;

  static Parsed parse(std::string_view text, Value* populated) {
    return parse_populated(text, populated);
  }

  static Parsed read_plainly(std::string_view text, Value* populated) {
    const auto lines = plain::lines(text);
    if (!lines.has_value()) return Parsed::kIncomplete;
    for (const std::string_view line : *lines) {
      const auto entry = plain::entry(line);
      if (!entry.has_value()) return Parsed::kMalformed;
      if (entry->first != "populated") continue;
      *populated = entry->second != 0;
      return Parsed::kOk;
    }
    return Parsed::kMalformed;
  }

  static Figures<1> figures(Value populated) { return {populated ? 1U : 0U}; }

  static Value filled() { return true; }

  static std::string write(Value populated) {
    return std::string("populated ") + (populated ? "1" : "0") + "\nfrozen 0\n";
  }
};

}  // namespace
}  // namespace spillway

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return spillway::ParserCheck<spillway::CgroupEventsTarget>::run(data, size);
}
